import { batchNamesOf } from './accounting/deployed-names.ts';
import { UsageError } from './arguments.ts';
import { answers } from './batch/answers.ts';
import { answersText, summaryFaults, summaryText } from './batch/print.ts';
import { dateRange } from './batch/range.ts';
import { toldRun } from './batch/told-run.ts';
import { command } from './command.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';
import { onInterrupt } from './interrupt.ts';

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
  async ({ from, to, wait = false, ...given }) => {
    if (from === undefined && to !== undefined) {
      throw new UsageError('--to needs --from: npm run batch -- --from 2026-11-01 --to 2026-11-20');
    }
    const range = from === undefined ? undefined : dateRange(from, to, new Date());
    const interrupted = onInterrupt(() => console.error('  The run goes on; it is no longer followed.'));
    const stop = interrupted.signal;
    try {
      return await inDeployment(given, async (clients, names) => {
        const batch = batchNamesOf(names);
        const run = await toldRun(clients, batch, { ...(range && { range }), wait, stop });
        if (typeof run === 'number') return run;
        console.log(`\n${summaryText(run)}\n\n${answersText(await answers(clients, batch, stop), shownRows)}`);
        const faults = summaryFaults(run);
        for (const fault of faults) console.error(`  ! ${fault}`);
        return faults.length === 0 ? 0 : 1;
      });
    } finally {
      interrupted.dispose();
    }
  },
);
