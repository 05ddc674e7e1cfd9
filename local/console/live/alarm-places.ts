import type { Alarm, CloudWatch, MetricAlarm, MetricStat } from '../../services/cloudwatch/types.ts';
import type { Topology } from '../topology/topology.ts';

type Metrics = Pick<CloudWatch, 'metricData'>;

/**
 * Names of the alarms in ALARM at the boxes whose metrics they read. Of an alarm that reads those of several boxes, at
 * the ones that break its threshold by themselves, or at all where none does.
 * @param now epoch milliseconds @returns node id -> names
 */
export function alarmPlaces(
  { nodes }: Pick<Topology, 'nodes'>,
  alarms: readonly Alarm[],
  metrics: Metrics,
  now: number,
): Readonly<Record<string, readonly string[]>> {
  const places: Record<string, string[]> = {};
  for (const alarm of alarms) {
    if (alarm.state.value !== 'ALARM' || alarm.kind !== 'metric') continue;
    const read = alarm.metrics.flatMap(({ stat }) => stat ?? []).map((stat) => ({ stat, at: nodesOf(stat, nodes) }));
    const breaking = read.filter(({ stat }) => breaks(alarm, stat, metrics, now));
    for (const id of new Set((breaking.length > 0 ? breaking : read).flatMap(({ at }) => at))) {
      places[id] = [...(places[id] ?? []), alarm.name];
    }
  }
  return places;
}

/** Those that a dimension names: `FunctionName`, `StreamName` …; our own functions by the end of their names. */
function nodesOf({ dimensions }: MetricStat, nodes: Topology['nodes']): string[] {
  const { function: own, ...others } = dimensions;
  const values = Object.values(others).map((value) => value.replace(/^connect-/, ''));
  const isRead = ({ type, members }: Topology['nodes'][number]): boolean =>
    members.some(({ name }) =>
      own === undefined
        ? values.some((value) => value === name || value.endsWith(`:${name}`))
        : type === 'AWS::Lambda::Function' && name.endsWith(`-${own}`),
    );
  return nodes.filter(isRead).map(({ id }) => id);
}

const COMPARE: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

function breaks(alarm: MetricAlarm, stat: MetricStat, metrics: Metrics, now: number): boolean {
  const from = now - alarm.periodSeconds * (alarm.evaluationPeriods + 1) * 1_000;
  const [series] = metrics.metricData({ queries: [{ id: 'm', stat }], from, to: now + 1 });
  return series?.values.some((value) => COMPARE[alarm.comparison]?.(value, alarm.threshold)) ?? false;
}
