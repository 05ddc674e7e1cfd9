import { setTimeout as sleep } from 'node:timers/promises';
import { batchNamesOf } from './accounting/deployed-names.ts';
import { UsageError } from './arguments.ts';
import { answers } from './batch/answers.ts';
import { answersText, stepLine, summaryFaults, summaryText } from './batch/print.ts';
import { type DateRange, followRun, startRun } from './batch/run.ts';
import { command } from './command.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';
import { onInterrupt } from './interrupt.ts';

const overlapPauseMs = 5_000;
const shownRows = 10;

export default command(
  {
    command: 'batch',
    summary:
      'Runs the batch layer now (raw to silver to gold), and shows what became of the rows and the answers. Exit 0 if the run ended well.',
    options: {
      ...deploymentOptions,
      from: { type: 'text', value: 'DATE', describe: 'clean the arrivals from this UTC date on again (YYYY-MM-DD)' },
      to: { type: 'text', value: 'DATE', describe: 'to this one (today)' },
      wait: { type: 'flag', describe: 'if another run is under way, run after it' },
    },
  },
  async (given) => {
    const range = rangeOf(given, new Date());
    const interrupted = onInterrupt(() => console.error('  The run goes on; it is no longer followed.'));
    const stop = interrupted.signal;
    try {
      return await inDeployment(given, async (clients, names) => {
        const batch = batchNamesOf(names);
        for (;;) {
          const run = await startRun(clients, batch, range);
          console.log(`  ${run}`);
          const result = await followRun(clients, run, { stop, onStep: (step) => console.log(stepLine(step)) });
          if (result.outcome === 'left') return 130;
          if (result.outcome === 'failed') {
            console.error(`  The run has ${result.status.toLowerCase()}: ${result.error}: ${result.cause}`);
            return 1;
          }
          if (result.outcome === 'overlap') {
            if (given.wait && !stop.aborted) {
              console.log('  Another run is under way; waiting for it.');
              await sleep(overlapPauseMs, undefined, { signal: stop }).catch(() => undefined);
              if (!stop.aborted) continue;
              return 130;
            }
            console.error('  Another run is under way: --wait runs after it.');
            return 1;
          }
          console.log(`\n${summaryText(result)}\n\n${answersText(await answers(clients, batch, stop), shownRows)}`);
          const faults = summaryFaults(result);
          for (const fault of faults) console.error(`  ! ${fault}`);
          return faults.length === 0 ? 0 : 1;
        }
      });
    } finally {
      interrupted.dispose();
    }
  },
);

/** @throws UsageError */
function rangeOf(given: { readonly from?: string; readonly to?: string }, now: Date): DateRange | undefined {
  const { from, to = now.toISOString().slice(0, 10) } = given;
  if (from === undefined) {
    if (given.to === undefined) return undefined;
    throw new UsageError('--to needs --from: batch --from 2026-11-01 --to 2026-11-20');
  }
  for (const [name, date] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    const isDate = /^\d{4}-\d\d-\d\d$/.test(date) && !Number.isNaN(Date.parse(date));
    if (!isDate || !new Date(date).toISOString().startsWith(date)) {
      throw new UsageError(`${name} is "${date}": give a date as YYYY-MM-DD.`);
    }
  }
  if (to < from) throw new UsageError(`--from ${from} is after --to ${to}.`);
  return { from, to };
}
