import { expect, test } from '@jest/globals';
import { alarmPlaces } from '../../../local/console/live/alarm-places.ts';
import type { Node } from '../../../local/console/topology/topology.ts';
import type { Alarm, MetricDataRequest, MetricStat, Series } from '../../../local/services/cloudwatch/types.ts';

const node = (id: string, type: string, ...names: readonly string[]): Node => ({
  id,
  kind: type,
  type,
  capability: 'speed',
  members: names.map((name) => ({ id: name, name })),
});
const nodes = [
  node('clean', 'AWS::Lambda::Function', 'pinflow-demo-clean'),
  node('count', 'AWS::Lambda::Function', 'pinflow-demo-count'),
  node('streams', 'AWS::Kinesis::Stream', 'pin', 'geo'),
  node('topics', 'AWS::MSK::Topic', 'pins'),
  node('sink', 'AWS::KafkaConnect::Connector', 's3-sink'),
  node('job', 'AWS::Glue::Job', 'pinflow-demo-clean'),
  node('api', 'AWS::ApiGateway::RestApi', 'pinflow-demo'),
];

const stat = (name: string, dimensions: Readonly<Record<string, string>>): MetricStat => ({
  namespace: 'Any',
  name,
  dimensions,
  statistic: 'Sum',
  periodSeconds: 60,
});
const alarm = (name: string, value: 'ALARM' | 'OK', ...stats: readonly MetricStat[]) =>
  ({
    kind: 'metric',
    name,
    metrics: stats.map((one, at) => ({ id: `m${at}`, stat: one })),
    periodSeconds: 60,
    evaluationPeriods: 2,
    threshold: 0,
    comparison: 'GreaterThanThreshold',
    state: { value },
  }) as unknown as Alarm;

const errors = (name: string) => stat('Errors', { FunctionName: name });
const metricData = ({ queries }: MetricDataRequest): Series[] =>
  queries.map(({ id, stat: asked }) => ({
    id,
    label: id,
    periodSeconds: 60,
    timestamps: [0],
    values: [Object.values(asked!.dimensions).includes('pinflow-demo-count') ? 3 : 0],
  }));
const placesOf = (...alarms: readonly Alarm[]) => alarmPlaces({ nodes }, alarms, { metricData }, 1_000_000);

test('an alarm is at the box that breaks its threshold, not at all that it reads', () => {
  const all = alarm('errors', 'ALARM', errors('pinflow-demo-clean'), errors('pinflow-demo-count'));
  expect(placesOf(all)).toEqual({ count: ['errors'] });
});

test('where none breaks it alone, it is at all of them', () => {
  const lag = stat('EstimatedMaxTimeLag', {
    'Cluster Name': 'pinflow-demo',
    'Consumer Group': 'connect-s3-sink',
    Topic: 'pins',
  });
  expect(placesOf(alarm('behind', 'ALARM', lag, stat('IncomingRecords', { StreamName: 'geo' })))).toEqual({
    sink: ['behind'],
    streams: ['behind'],
  });
});

test('metrics of our own name the function by the end of its name', () => {
  expect(placesOf(alarm('refused', 'ALARM', stat('RowsQuarantined', { feed: 'pin', function: 'clean' })))).toEqual({
    clean: ['refused'],
  });
});

test('brokers stand where their topics do, and groups where the functions do that read', () => {
  const broker = stat('UnderReplicatedPartitions', { 'Cluster Name': 'pinflow-demo', 'Broker ID': '1' });
  expect(placesOf(alarm('replicas', 'ALARM', broker))).toEqual({ topics: ['replicas'] });
  const lag = stat('EstimatedMaxTimeLag', { 'Consumer Group': 'pinflow-demo-clean-pin', Topic: 'pins' });
  expect(placesOf(alarm('behind', 'ALARM', lag))).toEqual({ clean: ['behind'] });
});

test('an alarm that is well is nowhere', () => {
  expect(placesOf(alarm('errors', 'OK', errors('pinflow-demo-count')))).toEqual({});
});
