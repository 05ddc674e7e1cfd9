import { setTimeout as sleep } from 'node:timers/promises';
import type { FeedName } from '../../model/rules/rule.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { overlookedRows, readBatchAccount } from '../accounting/batch-account.ts';
import { batchNamesOf, type DeployedNames } from '../accounting/deployed-names.ts';
import { distinctRecords, type Raw, RawReader } from '../accounting/raw.ts';
import type { Clients } from '../aws.ts';
import { summaryFaults } from '../batch/print.ts';
import { followRun, type RunResult, startRun } from '../batch/run.ts';
import type { Step } from '../batch/steps.ts';

/** Within which a record has to be in raw, on a busy machine too. */
const landingMs = 180_000;
const overlapPauseMs = 1_000;

export interface BatchDemonstrationOptions {
  readonly clients: Clients;
  readonly names: DeployedNames;
  /** Coordinates of the records that the doors took. */
  readonly taken: Readonly<Record<FeedName, ReadonlySet<string>>>;
  readonly onLanded: (landed: Raw) => void;
  readonly onStep: (step: Step) => void;
  readonly stop: AbortSignal;
}

export interface BatchDemonstration {
  readonly run: RunResult | undefined;
  /** Sentences about what does not add up. */
  readonly faults: readonly string[];
}

/** Waits until what the doors took is in raw, and has the batch layer run over it. */
export async function demonstrateBatch(options: BatchDemonstrationOptions): Promise<BatchDemonstration> {
  const { clients, names, taken, onLanded, onStep, stop } = options;
  const batch = batchNamesOf(names);
  const reader = new RawReader(clients, batch.rawBucket);
  const faults: string[] = [];
  const raw = await landed(reader, taken, stop);
  onLanded(raw);
  for (const feed of feedNames) {
    const there = distinctRecords(raw[feed]);
    const lost = [...taken[feed]].filter((record) => !there.has(record));
    if (lost.length > 0) faults.push(`${feed}: ${lost.length} accepted records are not in raw, ${lost[0]} first.`);
  }
  await sleep(untilSettled(), undefined, { signal: stop }).catch(() => undefined);
  if (stop.aborted) return { run: undefined, faults };

  const run = await runToItsEnd(options);
  if (run.outcome === 'failed')
    faults.push(`The batch run has ${run.status.toLowerCase()}: ${run.error}: ${run.cause}`);
  if (run.outcome !== 'changed' && run.outcome !== 'unchanged') return { run, faults };
  faults.push(...summaryFaults(run));
  const overlooked = overlookedRows(await readBatchAccount(clients, names, reader));
  if (overlooked > 0) faults.push(`${overlooked} rows of raw have no end in the batch layer.`);
  return { run, faults };

  /** A watermark is a whole second; the newest arrival has to be below that of a run that starts after so many ms. */
  function untilSettled(): number {
    const watermark = (Math.floor(newestArrival(raw) / 1000) + 1) * 1000;
    return Math.max(0, watermark + batch.settlingSeconds * 1000 + 1 - Date.now());
  }

  /** Again while another run is under way, or when its watermark leaves some of what has landed to the next one. */
  async function runToItsEnd({ clients }: BatchDemonstrationOptions): Promise<RunResult> {
    const newest = newestArrival(raw);
    for (;;) {
      const result = await followRun(clients, await startRun(clients, batch), { onStep, stop });
      if (stop.aborted || result.outcome === 'failed' || result.outcome === 'left') return result;
      if (result.outcome !== 'overlap' && Number(result.plan.watermark) > newest) return result;
      await sleep(overlapPauseMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}

async function landed(reader: RawReader, taken: BatchDemonstrationOptions['taken'], stop: AbortSignal): Promise<Raw> {
  const deadline = Date.now() + landingMs;
  for (;;) {
    const raw = await reader.read();
    const all = feedNames.every((feed) => {
      const there = distinctRecords(raw[feed]);
      return [...taken[feed]].every((record) => there.has(record));
    });
    if (all || Date.now() > deadline || stop.aborted) return raw;
    await sleep(500, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Epoch ms. */
const newestArrival = (raw: Raw): number =>
  feedNames
    .flatMap((feed) => [...distinctRecords(raw[feed]).values()].map(({ arrivalMs }) => arrivalMs))
    .reduce((latest, arrival) => Math.max(latest, arrival), 0);
