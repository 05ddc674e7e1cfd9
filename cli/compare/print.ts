import type { RefereeReport } from '../../model/referee/report.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { table } from '../table.ts';
import { uncompared } from './uncompared.ts';

/** Both comparisons as tables, then what differs, with an example of each. */
export function comparisonText(report: RefereeReport): string {
  return [
    `  ${headline(report)}`,
    rowsTable(report),
    metricsTable(report),
    ...examples(report),
    ...notCompared(report),
    `  ${verdict(report)}`,
  ].join('\n\n');
}

function headline({ run, watermark, sample: { of, part }, posts }: RefereeReport): string {
  const compared =
    of === 1
      ? `All ${posts.toLocaleString('en')} posts`
      : `Part ${part + 1} of ${of} of ${posts.toLocaleString('en')} posts`;
  if (run === null || watermark === null) return `${compared}, against no silver`;
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

function notCompared(report: RefereeReport): string[] {
  const all = uncompared(report);
  return all.length === 0 ? [] : [['  Not compared:', ...all.map(({ text }) => `  - ${text}`)].join('\n')];
}

/** 0: all that was asked for was compared, and is the same. 1: something differs or is missing. 3: not all could be compared. */
export function exitCode(report: RefereeReport): 0 | 1 | 3 {
  if (report.drift > 0 || report.missingOffsets > 0) return 1;
  return uncompared(report).some(({ isGap }) => isGap) ? 3 : 0;
}

function verdict(report: RefereeReport): string {
  const drift = report.drift.toLocaleString('en');
  const missing = report.missingOffsets.toLocaleString('en');
  if (report.missingOffsets > 0)
    return `${missing} offsets of topics are not in raw: docs/runbooks/loss.md. Drift ${drift}.`;
  if (report.drift > 0) return `Drift ${drift}. Counters are mended by npm run rebuild, rows by npm run backfill.`;
  return exitCode(report) === 0
    ? 'Drift 0: the layers agree.'
    : 'Drift 0 in what was compared; whether the layers agree is open.';
}
