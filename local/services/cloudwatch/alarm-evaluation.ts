import type { AlarmStateValue, MetricAlarm, MissingData } from './types.ts';

/** Whether a data point breaches the threshold; undefined when it is missing. */
export type Reading = boolean | undefined;

/** What a metric alarm makes of what it sees. */
export interface Verdict {
  /** Undefined: the state stays as it is. */
  readonly value: AlarmStateValue | undefined;
  /** Missing data points that were taken for breaching or for not breaching. */
  readonly filled: number;
}

/** CloudWatch looks at more periods than it evaluates; its documentation gives 5 for 3. */
const SEEN_BEYOND = 2;

export const evaluationRange = ({ evaluationPeriods }: Pick<MetricAlarm, 'evaluationPeriods'>): number =>
  evaluationPeriods + SEEN_BEYOND;

/**
 * Evaluates the evaluation range, the oldest reading first.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function evaluateReadings(
  readings: readonly Reading[],
  { evaluationPeriods, datapointsToAlarm }: Pick<MetricAlarm, 'evaluationPeriods' | 'datapointsToAlarm'>,
  missingData: MissingData,
): Verdict {
  const present = readings.filter((reading): reading is boolean => reading !== undefined);
  const breaching = present.slice(-evaluationPeriods).filter(Boolean).length;
  const filled = Math.max(0, evaluationPeriods - present.length);
  const decided = (count: number): Verdict => ({ value: count >= datapointsToAlarm ? 'ALARM' : 'OK', filled });
  if (filled === 0 || missingData === 'notBreaching') return decided(breaching);
  if (missingData === 'breaching') return decided(breaching + filled);
  if (present.length === 0) return { value: missingData === 'missing' ? 'INSUFFICIENT_DATA' : undefined, filled };
  if (breaching >= datapointsToAlarm) return decided(breaching);
  const age = readings.length - readings.indexOf(true);
  const onlyBreaching = present.every(Boolean);
  if (onlyBreaching && age >= datapointsToAlarm)
    return { value: missingData === 'missing' ? 'ALARM' : undefined, filled };
  return onlyBreaching && missingData === 'ignore' ? { value: undefined, filled } : { value: 'OK', filled };
}

interface Comparison {
  readonly holds: (value: number, threshold: number) => boolean;
  readonly words: string;
}

export const COMPARISONS: Readonly<Record<string, Comparison>> = {
  GreaterThanThreshold: { holds: (value, threshold) => value > threshold, words: 'greater than' },
  GreaterThanOrEqualToThreshold: { holds: (value, threshold) => value >= threshold, words: 'greater than or equal to' },
  LessThanThreshold: { holds: (value, threshold) => value < threshold, words: 'less than' },
  LessThanOrEqualToThreshold: { holds: (value, threshold) => value <= threshold, words: 'less than or equal to' },
};

export interface Point {
  /** Milliseconds. */
  readonly time: number;
  readonly value: number;
}

/** The reason of a state, in the words that CloudWatch uses. `points`: those evaluated, the oldest first. */
export function reasonOf(
  alarm: MetricAlarm,
  from: AlarmStateValue,
  to: AlarmStateValue,
  points: readonly Point[],
  filled: number,
): string {
  const { evaluationPeriods, datapointsToAlarm, threshold, comparison, missingData } = alarm;
  if (to === 'INSUFFICIENT_DATA') return `Insufficient Data: ${datapointsWords(evaluationPeriods)} unknown.`;
  const treated = `${filled} missing ${filled === 1 ? 'datapoint was' : 'datapoints were'} treated as [${missingData === 'breaching' ? 'Breaching' : 'NonBreaching'}]`;
  const fills = filled > 0 && (missingData === 'breaching' || missingData === 'notBreaching');
  if (points.length === 0) {
    return `Threshold Crossed: no datapoints were received for ${evaluationPeriods} ${evaluationPeriods === 1 ? 'period' : 'periods'} and ${treated}.`;
  }
  const { holds, words } = COMPARISONS[comparison]!;
  const told = points.filter(({ value }) => holds(value, threshold) === (to === 'ALARM')).slice(-evaluationPeriods);
  const listed = [...told].reverse().map(({ value, time }) => `${decimal(value)} (${stamp(time)})`);
  const not = to === 'ALARM' ? '' : 'not ';
  const minimum = `(minimum ${datapointsToAlarm} ${datapointsToAlarm === 1 ? 'datapoint' : 'datapoints'} for ${from} -> ${to} transition)`;
  return (
    `Threshold Crossed: ${told.length} out of the last ${evaluationPeriods} datapoints [${listed.join(', ')}] ` +
    `${told.length === 1 ? 'was' : 'were'} ${not}${words} the threshold (${decimal(threshold)})` +
    `${fills ? ` and ${treated}` : ''}${to === 'ALARM' && from !== to ? ` ${minimum}` : ''}.`
  );
}

const datapointsWords = (count: number): string => `${count} ${count === 1 ? 'datapoint was' : 'datapoints were'}`;

const decimal = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

/** `21/11/26 13:10:00` */
function stamp(time: number): string {
  const [date, clock] = new Date(time).toISOString().split('T') as [string, string];
  const [year, month, day] = date.slice(2).split('-');
  return `${day}/${month}/${year} ${clock.slice(0, 8)}`;
}
