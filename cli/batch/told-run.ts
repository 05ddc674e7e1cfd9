import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { stepLine } from './print.ts';
import { type DateRange, type EndedRun, followRun, startRun } from './run.ts';

const overlapPauseMs = 5_000;

export interface ToldRunOptions {
  readonly range?: DateRange;
  /** Whether to run after another run that is under way. */
  readonly wait: boolean;
  readonly stop: AbortSignal;
}

/** Runs the batch layer, and prints its steps. @returns the run that ended well, or the exit code */
export async function toldRun(
  clients: Clients,
  batch: BatchNames,
  { range, wait, stop }: ToldRunOptions,
): Promise<EndedRun | number> {
  for (;;) {
    const run = await startRun(clients, batch, range);
    console.log(`  ${run}`);
    const result = await followRun(clients, run, { stop, onStep: (step) => console.log(stepLine(step)) });
    if (result.outcome === 'left') return 130;
    if (result.outcome === 'failed') {
      console.error(`  The run has ${result.status.toLowerCase()}: ${result.error}: ${result.cause}`);
      return 1;
    }
    if (result.outcome !== 'overlap') return result;
    if (!wait) {
      console.error('  Another run is under way: --wait runs after it.');
      return 1;
    }
    console.log('  Another run is under way; waiting for it.');
    await sleep(overlapPauseMs, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return 130;
  }
}
