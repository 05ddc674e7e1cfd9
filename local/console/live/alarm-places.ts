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

/** What a dimension names. */
const TYPES: Readonly<Record<string, string>> = {
  ApiName: 'AWS::ApiGateway::RestApi',
  BucketName: 'AWS::S3::Bucket',
  ConnectorName: 'AWS::KafkaConnect::Connector',
  FunctionName: 'AWS::Lambda::Function',
  JobName: 'AWS::Glue::Job',
  QueueName: 'AWS::SQS::Queue',
  StateMachineArn: 'AWS::StepFunctions::StateMachine',
  StreamName: 'AWS::Kinesis::Stream',
  TableName: 'AWS::DynamoDB::Table',
  Topic: 'AWS::MSK::Topic',
  WorkGroup: 'AWS::Athena::WorkGroup',
};

/**
 * Of a reader's group, the reader; of a broker, its topics; of a metric of our own, the function that its name ends
 * with; of the rest, what a dimension names.
 */
function nodesOf({ dimensions }: MetricStat, nodes: Topology['nodes']): string[] {
  const { function: own, 'Consumer Group': group, ...others } = dimensions;
  const isRead = (type: string, name: string): boolean => {
    if (own !== undefined) return type === 'AWS::Lambda::Function' && name.endsWith(`-${own}`);
    if (group !== undefined)
      return /Connector$|Function$/.test(type) && group.replace(/^connect-/, '').startsWith(name);
    const named = Object.entries(others).filter(([dimension]) => TYPES[dimension] !== undefined);
    if (named.length === 0) return 'Cluster Name' in others && type === TYPES['Topic'];
    return named.some(([dimension, value]) => TYPES[dimension] === type.replace('Global', '') && isNameOf(name, value));
  };
  return nodes.filter(({ type, members }) => members.some(({ name }) => isRead(type, name))).map(({ id }) => id);
}

/** An ARN ends with a name. */
const isNameOf = (name: string, value: string): boolean => value === name || value.endsWith(`:${name}`);

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
