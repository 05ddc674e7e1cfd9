import { quarantinePrefix } from '../model/quarantine.ts';
import { batchNamesOf, type DeployedNames } from './accounting/deployed-names.ts';
import { UsageError } from './arguments.ts';
import type { Clients } from './aws.ts';
import { backfillPosts, objectsToBackfill } from './backfill/posts.ts';
import { backfilledTable, changedLine } from './backfill/print.ts';
import { summaryFaults, summaryText } from './batch/print.ts';
import { dateRange } from './batch/range.ts';
import type { DateRange } from './batch/run.ts';
import { toldRun } from './batch/told-run.ts';
import { command } from './command.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';
import { onInterrupt } from './interrupt.ts';
import { listObjects } from './quarantine/bucket.ts';
import { redriveAll } from './quarantine/redrive.ts';

const layers = ['batch', 'speed'] as const;

export default command(
  {
    command: 'backfill',
    summary:
      'Cleans what arrived on these dates again, by the deployed rules: raw into silver and gold, and raw into the posts table under the original order keys. Twice is a no-op. Exit 0 if all of it was done.',
    options: {
      ...deploymentOptions,
      from: { type: 'text', value: 'DATE', describe: 'the first UTC date of arrival (YYYY-MM-DD)' },
      to: { type: 'text', value: 'DATE', describe: 'the last one (today)' },
      layer: { type: 'text', oneOf: layers, describe: 'this layer only (both)' },
      after: { type: 'text', value: 'KEY', describe: 'of the speed layer: go on after this object of raw' },
      wait: { type: 'flag', describe: 'if a run of the batch layer is under way, run after it' },
    },
  },
  async ({ from, to, layer, after, wait = false, ...given }) => {
    if (from === undefined)
      throw new UsageError('Say from which date on: npm run backfill -- --from 2026-11-01 --to 2026-11-20');
    const range = dateRange(from, to, new Date());
    const interrupted = onInterrupt(() => console.error('\n  Stopping: what was begun is done to its end.'));
    const stop = interrupted.signal;
    try {
      return await inDeployment(given, async (clients, names) => {
        const batch = batchNamesOf(names);
        let code = 0;
        if (layer !== 'speed') {
          console.log('  Batch layer');
          const run = await toldRun(clients, batch, { range, wait, stop });
          if (typeof run === 'number') return run;
          console.log(summaryText(run));
          const faults = summaryFaults(run);
          for (const fault of faults) console.error(`  ! ${fault}`);
          if (faults.length > 0) code = 1;
        }
        if (layer === 'batch') return code;
        console.log('  Speed layer');
        return Math.max(code, await backfillSpeed(clients, names, { range, after, stop }));
      });
    } finally {
      interrupted.dispose();
    }
  },
);

interface SpeedOptions {
  readonly range: DateRange;
  readonly after: string | undefined;
  readonly stop: AbortSignal;
}

async function backfillSpeed(
  clients: Clients,
  names: DeployedNames,
  { range, after = '', stop }: SpeedOptions,
): Promise<number> {
  const found = await objectsToBackfill(clients, names, range);
  const objects = found.filter(({ key }) => key > after);
  const terminal = process.stderr.isTTY;
  const posts = await backfillPosts(clients, batchNamesOf(names).backfillFunction, objects, {
    stop,
    onProgress: (done) => {
      if (terminal) process.stderr.write(`\r\u001b[K  ${done} of ${objects.length} objects`);
    },
  });
  if (terminal) process.stderr.write('\r\u001b[K');
  for (const { key, reason } of posts.failures) console.error(`  ! ${key}: ${reason}`);
  const isWhole = !stop.aborted && posts.failures.length === 0;
  const freed = isWhole ? await freeAccepted(clients, names, range) : { left: 0, isWhole: true };
  console.log(`${backfilledTable(posts)}\n${changedLine(posts, freed.left)}`);
  if (isWhole) return freed.isWhole ? 0 : 1;
  const goOn = posts.through ?? after;
  console.error(
    `  Not all of it was done. Go on with the same command${goOn === '' ? '' : ` and --layer speed --after '${goOn}'`}.`,
  );
  return stop.aborted ? 130 : 1;
}

/** What the rules accept now is stored from raw already: only its object in quarantine is to leave. */
async function freeAccepted(clients: Clients, names: DeployedNames, { from, to }: DateRange) {
  const quarantined = await listObjects(clients, names.quarantineBucket, quarantinePrefix('speed'));
  const ofRange = quarantined.filter(({ key }) => {
    const date = /\/dt=([^/]+)\//.exec(key)?.[1] ?? '';
    return from <= date && date <= to;
  });
  const objects = ofRange.map(({ key, bytes }) => ({ key, bytes, kind: 'quarantined' as const }));
  const { ends, reasons } = await redriveAll(clients, names.redriveFunction, objects);
  for (const reason of reasons) console.error(`  ! ${reason}`);
  return { left: ends.left, isWhole: ends.failed + ends.again + ends.unreadable === 0 };
}
