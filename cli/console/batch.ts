import type { BatchEnd, BatchStep } from '../../local/console/tools.ts';
import type { BatchNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { followRun, type RunResult, startRun } from '../batch/run.ts';

/** Runs the batch layer as `npm run batch` does. */
export async function runBatch(
  clients: Clients,
  batch: BatchNames,
  onStep: (step: BatchStep) => void,
  stop: AbortSignal,
): Promise<BatchEnd> {
  const run = await startRun(clients, batch);
  const result = await followRun(clients, run, { stop, onStep });
  return { outcome: result.outcome, message: messageOf(result) };
}

function messageOf(result: RunResult): string {
  switch (result.outcome) {
    case 'changed':
      return `Readers see the run ${result.plan.runId}.`;
    case 'unchanged':
      return 'Nothing new had arrived: readers see what they saw.';
    case 'overlap':
      return 'Another run was under way already: this one left the work to it.';
    case 'left':
      return 'It is no longer followed.';
    case 'failed':
      return `It has ${result.status.toLowerCase().replace('_', ' ')}: ${result.error}: ${result.cause}`;
  }
}
