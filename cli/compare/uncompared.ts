import type { Verdict } from '../../model/referee/compare-parts.ts';
import type { MetricReport, RefereeReport } from '../../model/referee/report.ts';
import { feedNames } from '../../model/rules/rule.ts';

export interface Uncompared {
  /** A sentence: what, why, and what helps. */
  readonly text: string;
  /** Whether the comparison says less than was asked for. Else it is as things are: traffic, doors, the sample. */
  readonly isGap: boolean;
}

/** What the report says nothing about, and why. */
export function uncompared({ run, sample, feeds, metrics }: RefereeReport): readonly Uncompared[] {
  const rows = (verdict: Verdict) => feedNames.reduce((sum, feed) => sum + feeds[feed].verdicts[verdict], 0);
  const moving = metrics.reduce((sum, metric) => sum + metric.moving, 0);
  const found: readonly (Uncompared | false)[] = [
    run === null && gap('Rows: no run of the batch layer has ended, so there is no silver. npm run batch does one.'),
    ...(Object.keys(METRIC_GAPS) as (keyof typeof METRIC_GAPS)[]).map((state) => {
      const names = metrics.filter((metric) => metric.state === state).map(({ name }) => name);
      return names.length > 0 && gap(`Counters of ${names.join(', ')}: ${METRIC_GAPS[state]}`);
    }),
    rows('ahead') > 0 && usual(`${count(rows('ahead'), 'row')} above the watermark of one layer, until the next run.`),
    rows('otherDoor') > 0 &&
      usual(`${count(rows('otherDoor'), 'row')} that came through topics, which do not feed the posts here.`),
    moving > 0 && usual(`${count(moving, 'counter')} that changed while they were read.`),
    sample.of > 1 && usual(`The other ${sample.of - 1} parts of ${sample.of}: npm run compare -- --all.`),
  ];
  return found.filter((each) => each !== false);
}

const METRIC_GAPS: Readonly<Record<Exclude<MetricReport['state'], 'exact'>, string>> = {
  building: 'their live history is not complete. npm run rebuild completes it.',
  inexact: 'they are known to miss a change, whether it shows here or not. npm run rebuild mends them.',
  rebuilt: 'a rebuild replaced them while they were read. Compare again.',
};

const gap = (text: string): Uncompared => ({ text, isGap: true });
const usual = (text: string): Uncompared => ({ text, isGap: false });

const count = (number: number, noun: string): string =>
  `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
