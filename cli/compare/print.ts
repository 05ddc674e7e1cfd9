import type { RefereeReport } from '../../model/referee/report.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { table } from '../table.ts';

/** Both comparisons as tables, then what differs, with an example of each. */
export function comparisonText(report: RefereeReport): string {
  return [
    `  ${headline(report)}`,
    rowsTable(report),
    metricsTable(report),
    ...examples(report),
    `  ${verdict(report)}`,
  ].join('\n\n');
}

function headline({ run, watermark, sample: { of, part }, posts }: RefereeReport): string {
  const compared =
    of === 1
      ? `All ${posts.toLocaleString('en')} posts`
      : `Part ${part + 1} of ${of} of ${posts.toLocaleString('en')} posts`;
  if (run === null || watermark === null)
    return `${compared}. No run of the batch layer has ended, so there are no rows to compare.`;
  return `${compared}, against silver up to ${new Date(watermark).toISOString()} (run ${run})`;
}

function rowsTable({ feeds }: RefereeReport): string {
  const head = ['rows', 'equal', 'ahead', 'other door', 'not in posts', 'not in silver', 'other row', 'other content'];
  const rows = feedNames.map((feed) => {
    const of = feeds[feed].verdicts;
    return [feed, of.equal, of.ahead, of.otherDoor, of.notInPosts, of.notInSilver, of.otherRow, of.otherContent];
  });
  return table([head, ...rows]);
}

function metricsTable({ metrics }: RefereeReport): string {
  const rows = metrics.map(({ name, state, compared, moving, drift }) => [name, state, compared, moving, drift]);
  return table([['metric', 'live', 'counters', 'moving', 'drift'], ...rows], [false, false, true, true, true]);
}

function examples({ feeds, metrics }: RefereeReport): string[] {
  const rows = feedNames.flatMap((feed) =>
    feeds[feed].examples.map(({ ind, verdict: is }) => `  ${feed} of post ${ind}: ${is}`),
  );
  const counters = metrics.flatMap((metric) =>
    metric.examples.map(({ counter, live, recomputed }) => `  ${counter}: live ${live}, recomputed ${recomputed}`),
  );
  return rows.length + counters.length === 0 ? [] : [[...rows, ...counters].join('\n')];
}

/** Whether what was compared is the same, and nothing that was accepted is missing. */
export const agrees = ({ drift, missingOffsets }: RefereeReport): boolean => drift === 0 && missingOffsets === 0;

const verdict = ({ drift, missingOffsets }: RefereeReport): string => {
  if (missingOffsets > 0)
    return `${missingOffsets.toLocaleString('en')} offsets of topics are not in raw: docs/runbooks/loss.md. Drift ${drift.toLocaleString('en')}.`;
  return drift === 0
    ? 'Drift 0: the layers agree.'
    : `Drift ${drift.toLocaleString('en')}. Counters are mended by npm run rebuild, rows by npm run backfill.`;
};
