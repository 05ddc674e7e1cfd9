import { feedNames } from '../model/rules/rule.ts';
import { command } from './command.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';
import { batchOnly, batchOnlyLine } from './quarantine/batch-only.ts';
import { changesGivenUpLine } from './quarantine/changes.ts';
import { type Candidate, type Candidates, candidates, type Redriven, redriveAll } from './quarantine/redrive.ts';
import { table } from './table.ts';

export default command(
  {
    command: 'redrive',
    summary:
      'Takes quarantined rows and batches that were given up once more through the cleaning rules, under their original coordinates. What today’s rules refuse stays. Twice is a no-op.',
    options: {
      ...deploymentOptions,
      feed: { type: 'text', oneOf: feedNames, describe: 'this feed only (all)' },
      rule: { type: 'text', value: 'RULE', describe: 'only rows that this rule refused; no batches (all)' },
      'dry-run': { type: 'flag', describe: 'tell what the rules of this checkout would do, and change nothing' },
    },
  },
  async (given) => {
    const { rule, 'dry-run': dryRun = false } = given;
    const feed = feedNames.find((name) => name === given.feed);
    return inDeployment(given, async (clients, names) => {
      const choice = { ...(feed && { feed }), ...(rule !== undefined && { rule }) };
      const found = await candidates(clients, names, choice);
      for (const { key, reason } of found.unreadable) console.error(`  ! ${key}: ${reason}`);
      const remark = batchOnlyLine(await batchOnly(clients, names.quarantineBucket, feed));
      if (remark !== undefined) console.log(remark);
      const uncounted = await changesGivenUpLine(clients, names);
      if (uncounted !== undefined) console.log(`  ${uncounted}`);
      if (found.objects.length === 0) {
        console.log('  There is nothing to redrive.');
        return 0;
      }
      if (dryRun) {
        console.log(dryRunText(found));
        return 0;
      }
      const redriven = await redriveAll(clients, names.redriveFunction, found.objects, (done) => {
        if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K  ${done} of ${found.objects.length} objects`);
      });
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      console.log(summaryText(redriven));
      for (const reason of redriven.reasons) console.error(`  ! ${reason}`);
      return redriven.ends.failed + redriven.ends.again + redriven.ends.unreadable === 0 ? 0 : 1;
    });
  },
);

function dryRunText({ objects }: Candidates): string {
  const lines = feedNames.map((feed) => {
    const own = objects.filter((object) => object.feed === feed);
    const [quarantined, parked] = (['quarantined', 'parked'] as const).map(
      (kind) => own.filter((object) => object.kind === kind).length,
    );
    const rows = own.flatMap((object) => object.rows);
    const accepted = rows.filter(({ result }) => result.ok).length;
    return [feed, quarantined!, parked!, rows.length, accepted, rows.length - accepted];
  });
  const head = ['feed', 'in quarantine', 'batches given up', 'rows', 'accepted today', 'refused today'];
  return [table([head, ...lines]), ...refusedLines(objects), '  Nothing was changed.'].join('\n');
}

function refusedLines(objects: readonly Candidate[]): string[] {
  const counts = new Map<string, number>();
  for (const { result } of objects.flatMap(({ rows }) => rows)) {
    if (!result.ok) counts.set(result.rule, (counts.get(result.rule) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  return [`  refused today by ${[...counts].map(([rule, count]) => `${rule} ${count}`).join(', ')}`];
}

function summaryText({ rows, ends }: Redriven): string {
  const head = ['feed', 'rows', 'applied', 'duplicate', 'superseded', 'quarantined'];
  const lines = feedNames.map((feed) => {
    const { applied, duplicate, superseded, quarantined } = rows[feed];
    return [feed, applied + duplicate + superseded + quarantined, applied, duplicate, superseded, quarantined];
  });
  const parts = [
    [ends.left, 'left quarantine'],
    [ends.stays, 'stay, refused by today’s rules'],
    [ends.gone, 'were gone already'],
    [ends.unreadable, 'cannot be read'],
    [ends.again, 'had no time: redrive again'],
    [ends.failed, 'failed'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count.toLocaleString('en')} ${what}`);
  return `${table([head, ...lines])}\n  objects: ${told.join(', ')}`;
}
