import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { cloudWatchAlarm, cloudWatchCompositeAlarm } from '../../../local/resources/cloudwatch-alarm.ts';
import { cloudWatchDashboard } from '../../../local/resources/cloudwatch-dashboard.ts';
import { logsMetricFilter } from '../../../local/resources/cloudwatch-metric-filter.ts';
import type { ResourceRequest, ResourceType } from '../../../local/resources/resource.ts';
import { CloudWatchService } from '../../../local/services/cloudwatch/service.ts';
import { LogsService } from '../../../local/services/logs/service.ts';

const PLACE = { account: '000000000000', region: 'us-east-1' };
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:critical';
const PERIOD_MS = 10_000;

let directory: string;
let cloudWatch: CloudWatchService;
let published: { topic: string; subject: string; message: Record<string, unknown> }[];

const open = () =>
  new CloudWatchService({
    ...PLACE,
    stateDir: directory,
    log: () => {},
    publish: (topic, subject, message) => void published.push({ topic, subject, message: JSON.parse(message) }),
  });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  published = [];
  cloudWatch = open();
});
afterEach(() => {
  jest.useRealTimers();
  cloudWatch.close();
  rmSync(directory, { recursive: true });
});

const create = (type: ResourceType, properties: Record<string, unknown>) =>
  type.create({
    properties,
    path: 'stack/Thing',
    generatedName: () => 'generated',
    ...PLACE,
  } as unknown as ResourceRequest);

const ERRORS = { namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName: 'clean' } };
const ALARM = {
  AlarmName: 'errors',
  AlarmDescription: 'The function fails',
  Namespace: 'AWS/Lambda',
  MetricName: 'Errors',
  Dimensions: [{ Name: 'FunctionName', Value: 'clean' }],
  Statistic: 'Sum',
  Period: 10,
  EvaluationPeriods: 2,
  DatapointsToAlarm: 1,
  Threshold: 0,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
  AlarmActions: [TOPIC],
  OKActions: [TOPIC],
};
/** In the last period that is whole, and waited for. */
const recently = () => Date.now() - PERIOD_MS - 1_000;
const states = () => Object.fromEntries(cloudWatch.alarms().map(({ name, state }) => [name, state.value]));

test('an alarm goes to ALARM and back, tells its topic, and keeps its state and history over a restart', async () => {
  const alarm = () => create(cloudWatchAlarm(cloudWatch), ALARM);
  const { ref, attributes } = await alarm();
  expect([ref, attributes['Arn']]).toEqual(['errors', 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors']);
  const seen: string[] = [];
  cloudWatch.onAlarm(({ from, to }) => seen.push(`${from.value} -> ${to.value}`));
  expect(states()).toEqual({ errors: 'INSUFFICIENT_DATA' });
  cloudWatch.evaluateAlarms();
  expect(states()).toEqual({ errors: 'OK' });

  cloudWatch.put({ ...ERRORS, value: 3, unit: 'Count', time: recently() });
  cloudWatch.evaluateAlarms();
  cloudWatch.evaluateAlarms();
  expect(seen).toEqual(['INSUFFICIENT_DATA -> OK', 'OK -> ALARM']);
  expect(published.map(({ subject }) => subject)).toEqual([
    'OK: "errors" in us-east-1',
    'ALARM: "errors" in us-east-1',
  ]);
  expect(published[1]).toMatchObject({
    topic: TOPIC,
    message: {
      AlarmName: 'errors',
      AlarmDescription: 'The function fails',
      OldStateValue: 'OK',
      NewStateValue: 'ALARM',
    },
  });

  cloudWatch.close();
  cloudWatch = open();
  await alarm();
  expect(cloudWatch.alarms()[0]!.state.reason).toMatch(/^Threshold Crossed: 1 out of the last 2 datapoints \[3\.0 /);
  expect(cloudWatch.alarmHistory('errors').map(({ summary }) => summary)).toEqual([
    `Successfully executed action ${TOPIC}`,
    'Alarm updated from OK to ALARM',
    `Successfully executed action ${TOPIC}`,
    'Alarm updated from INSUFFICIENT_DATA to OK',
    'Alarm "errors" created',
  ]);
});

test('an action that fails is in the history, and the alarm stands', async () => {
  await create(cloudWatchAlarm(cloudWatch), ALARM);
  cloudWatch.close();
  cloudWatch = new CloudWatchService({
    ...PLACE,
    stateDir: directory,
    log: () => {},
    publish: () => {
      throw new Error('Topic does not exist');
    },
  });
  await create(cloudWatchAlarm(cloudWatch), ALARM);
  cloudWatch.evaluateAlarms();
  expect(states()).toEqual({ errors: 'OK' });
  expect(cloudWatch.alarmHistory()[0]).toMatchObject({ type: 'Action', summary: `Failed to execute action ${TOPIC}` });
});

test('what was not measured before the start breaches nothing; DynamoDB alarms ignore what is missing', async () => {
  await create(cloudWatchAlarm(cloudWatch), { ...ALARM, AlarmName: 'down', TreatMissingData: 'breaching' });
  await create(cloudWatchAlarm(cloudWatch), { ...ALARM, AlarmName: 'table', Namespace: 'AWS/DynamoDB' });
  cloudWatch.evaluateAlarms();
  expect(states()).toEqual({ down: 'INSUFFICIENT_DATA', table: 'INSUFFICIENT_DATA' });
});

test('what was not measured while the rest was started breaches nothing; what is missing since then does', async () => {
  jest.useFakeTimers();
  cloudWatch.close();
  cloudWatch = open();
  await create(cloudWatchAlarm(cloudWatch), { ...ALARM, AlarmName: 'down', TreatMissingData: 'breaching' });
  jest.advanceTimersByTime(600_000);
  cloudWatch.start();
  jest.advanceTimersByTime(5_000);
  expect(states()).toEqual({ down: 'INSUFFICIENT_DATA' });
  jest.advanceTimersByTime(60_000);
  expect(states()).toEqual({ down: 'ALARM' });
  await cloudWatch.stop();
});

test('alarms of math and of other alarms', async () => {
  const stat = (MetricName: string) => ({
    Metric: { Namespace: 'AWS/Lambda', MetricName, Dimensions: ALARM.Dimensions },
    Period: 10,
    Stat: 'Sum',
  });
  const { Namespace: _n, MetricName: _m, Dimensions: _d, Statistic: _s, Period: _p, ...common } = ALARM;
  await create(cloudWatchAlarm(cloudWatch), {
    ...common,
    AlarmName: 'rate',
    Threshold: 50,
    Metrics: [
      { Id: 'errors', MetricStat: stat('Errors'), ReturnData: false },
      { Id: 'all', MetricStat: stat('Invocations'), ReturnData: false },
      { Id: 'rate', Expression: '100 * errors / all' },
    ],
  });
  await create(cloudWatchCompositeAlarm(cloudWatch), { AlarmName: 'any', AlarmRule: 'ALARM("rate")' });
  cloudWatch.put({ ...ERRORS, value: 3, time: recently() });
  cloudWatch.put({ ...ERRORS, name: 'Invocations', value: 4, time: recently() });
  cloudWatch.evaluateAlarms();
  expect(states()).toEqual({ any: 'ALARM', rate: 'ALARM' });
});

test.each<[string, object, string]>([
  ['comparison', { ComparisonOperator: 'GreaterThanUpperThreshold' }, 'GreaterThanUpperThreshold'],
  ['missing data', { TreatMissingData: 'never' }, 'never'],
  ['action', { AlarmActions: ['arn:aws:automate:us-east-1:ec2:stop'] }, 'only topics'],
  ['period', { Period: 45 }, '45'],
  ['statistic', { Statistic: undefined, ExtendedStatistic: 'TM99' }, 'TM99'],
])('an alarm whose %s is not supported is refused before anything is created', (_, changed, problem) => {
  expect(cloudWatchAlarm(cloudWatch).check!({ ...ALARM, ...changed })).toEqual([expect.stringContaining(problem)]);
  expect(cloudWatchAlarm(cloudWatch).check!(ALARM)).toEqual([]);
});

test('dashboards are kept as they are synthesized', async () => {
  const body = JSON.stringify({ widgets: [] });
  await create(cloudWatchDashboard(cloudWatch), { DashboardName: 'health', DashboardBody: body });
  expect(cloudWatch.dashboards()).toMatchObject([{ name: 'health', body }]);
  await expect(create(cloudWatchDashboard(cloudWatch), { DashboardBody: '[]' })).rejects.toThrow('stack/Thing');
});

test('a metric filter counts the lines that match, embedded metrics come as they are', async () => {
  const logs = new LogsService({ ...PLACE, file: join(directory, 'logs.sqlite'), metrics: cloudWatch });
  const MetricTransformations = [{ MetricNamespace: 'N', MetricName: 'Failed', MetricValue: '1', DefaultValue: 0 }];
  const filter = logsMetricFilter(logs, cloudWatch);
  await create(filter, { LogGroupName: 'group', FilterPattern: 'ERROR', MetricTransformations });
  for (const line of ['ERROR a', 'fine', 'ERROR b']) logs.write('group', 'stream', line);
  const _aws = {
    Timestamp: Date.now(),
    CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [['f']], Metrics: [{ Name: 'V' }] }],
  };
  logs.write('group', 'stream', JSON.stringify({ _aws, f: 'pin', V: [1, 2] }));
  logs.close();
  const stat = (id: string, name: string, dimensions: Record<string, string>, statistic: string) => ({
    id,
    stat: { namespace: 'N', name, dimensions, periodSeconds: 3_600, statistic },
  });
  const found = cloudWatch.metricData({
    queries: [
      stat('a', 'Failed', {}, 'Sum'),
      stat('b', 'Failed', {}, 'SampleCount'),
      stat('c', 'V', { f: 'pin' }, 'Average'),
    ],
    from: Date.now() - 3_600_000,
    to: Date.now() + 1,
  });
  expect(found.map(({ values }) => values.reduce((a, b) => a + b))).toEqual([2, 4, 1.5]);
  expect(filter.check!({ FilterPattern: '{ $.a = 1 }', MetricTransformations: [{ MetricValue: '$.a' }] })).toHaveLength(
    2,
  );
});
