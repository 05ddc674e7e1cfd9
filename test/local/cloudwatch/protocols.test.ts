import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListDashboardsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Authorizer } from '../../../local/access/authorizer.ts';
import { RoleDirectory } from '../../../local/access/identities.ts';
import { parsePolicy } from '../../../local/access/policy.ts';
import { CallRecorder } from '../../../local/access/recorder.ts';
import { HttpFrontDoor } from '../../../local/front-door.ts';
import { CloudWatchHttp } from '../../../local/services/cloudwatch/http.ts';
import { CloudWatchService } from '../../../local/services/cloudwatch/service.ts';
import { checkRequirements, pythonPath } from '../../../setup/paths.mjs';

const PLACE = { account: '000000000000', region: 'us-east-1' };
const identities = new RoleDirectory(PLACE.account);
const recorder = new CallRecorder();
const authorizer = new Authorizer({ ...PLACE, identities, recorder, refused: () => {} });
const faults: unknown[] = [];
const door = new HttpFrontDoor({
  identities,
  authorizer,
  health: () => ({ ready: true }),
  fault: (error) => faults.push(error),
});
const NOW = Math.floor(Date.now() / 60_000) * 60_000;

let directory: string;
let service: CloudWatchService;
let endpoint: string;
let client: CloudWatchClient;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  service = new CloudWatchService({ ...PLACE, stateDir: directory, publish: () => {}, log: () => {} });
  door.addJson(service);
  door.addHttp(new CloudWatchHttp({ frontDoor: door, service }));
  endpoint = `http://127.0.0.1:${await door.listen(0)}`;
  client = clientOf('pinflow');
  for (const value of [1, 2, 9]) {
    service.put({ namespace: 'N', name: 'M', dimensions: { d: '<x> & y' }, value, unit: 'Count', time: NOW });
  }
  service.putDashboard('health', '{"widgets":[]}');
  service.putAlarm({
    kind: 'metric',
    name: 'alarm',
    arn: service.alarmArn('alarm'),
    actionsEnabled: true,
    alarmActions: [],
    okActions: [],
    insufficientDataActions: [],
    metrics: [{ id: 'm1', stat: { namespace: 'N', name: 'M', dimensions: {}, periodSeconds: 60, statistic: 'p90' } }],
    periodSeconds: 60,
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
    threshold: 5,
    comparison: 'GreaterThanThreshold',
    missingData: 'missing',
  });
});

afterAll(async () => {
  client.destroy();
  await door.close();
  service.close();
  rmSync(directory, { recursive: true });
  expect(faults).toEqual([]);
});

const clientOf = (key: string) =>
  new CloudWatchClient({
    endpoint,
    region: PLACE.region,
    credentials: { accessKeyId: key, secretAccessKey: key },
    maxAttempts: 1,
  });
const [StartTime, EndTime] = [new Date(NOW - 60_000), new Date(NOW + 60_000)];
const METRIC = { Namespace: 'N', MetricName: 'M', Dimensions: [{ Name: 'd', Value: '<x> & y' }] };

describe('the SDK', () => {
  test('metric data, and math on it', async () => {
    const { MetricDataResults } = await client.send(
      new GetMetricDataCommand({
        StartTime,
        EndTime,
        MetricDataQueries: [
          { Id: 'm', MetricStat: { Metric: METRIC, Period: 60, Stat: 'Sum' }, ReturnData: false },
          { Id: 'e', Expression: 'm / 2 + 0.25', Label: 'half' },
        ],
      }),
    );
    expect(MetricDataResults).toEqual([
      { Id: 'e', Label: 'half', StatusCode: 'Complete', Timestamps: [new Date(NOW)], Values: [6.25] },
    ]);
  });

  test('statistics', async () => {
    const { Datapoints } = await client.send(
      new GetMetricStatisticsCommand({
        ...METRIC,
        StartTime,
        EndTime,
        Period: 60,
        Statistics: ['Average', 'Maximum'],
        ExtendedStatistics: ['p99'],
      }),
    );
    expect(Datapoints).toEqual([
      { Timestamp: new Date(NOW), Average: 4, Maximum: 9, Unit: 'Count', ExtendedStatistics: { p99: 9 } },
    ]);
  });

  test('what is put is listed and read', async () => {
    const datum = {
      MetricName: 'Own',
      Values: [1, 2.5],
      Counts: [2, 1],
      Timestamp: new Date(NOW),
      Unit: 'Bytes' as const,
    };
    await client.send(new PutMetricDataCommand({ Namespace: 'Mine', MetricData: [datum] }));
    // The SDK compresses a large body.
    const many = Array.from({ length: 500 }, (_, i) => ({ ...datum, MetricName: 'Many', Values: [i], Counts: [1] }));
    await client.send(new PutMetricDataCommand({ Namespace: 'Mine', MetricData: many }));
    const { Metrics } = await client.send(new ListMetricsCommand({ Namespace: 'Mine', RecentlyActive: 'PT3H' }));
    expect(Metrics!.map(({ MetricName }) => MetricName)).toEqual(['Many', 'Own']);
    const range = { StartTime, EndTime, Period: 60 };
    const read = await client.send(
      new GetMetricStatisticsCommand({ Namespace: 'Mine', MetricName: 'Own', ...range, Statistics: ['Sum'] }),
    );
    expect(read.Datapoints).toMatchObject([{ Sum: 4.5, Unit: 'Bytes' }]);
    await expect(client.send(new PutMetricDataCommand({ Namespace: 'AWS/Own', MetricData: [] }))).rejects.toMatchObject(
      {
        name: 'InvalidParameterValueException',
      },
    );
  });

  test('alarms', async () => {
    await client.send(new SetAlarmStateCommand({ AlarmName: 'alarm', StateValue: 'ALARM', StateReason: 'a test' }));
    const { MetricAlarms } = await client.send(
      new DescribeAlarmsCommand({ AlarmNamePrefix: 'al', StateValue: 'ALARM' }),
    );
    expect(MetricAlarms).toMatchObject([
      {
        AlarmName: 'alarm',
        ExtendedStatistic: 'p90',
        DatapointsToAlarm: 2,
        StateReason: 'a test',
        StateUpdatedTimestamp: expect.any(Date),
      },
    ]);
    const { AlarmHistoryItems } = await client.send(
      new DescribeAlarmHistoryCommand({ AlarmName: 'alarm', HistoryItemType: 'StateUpdate' }),
    );
    expect(AlarmHistoryItems).toMatchObject([{ HistorySummary: 'Alarm updated from INSUFFICIENT_DATA to ALARM' }]);
    await expect(
      client.send(new SetAlarmStateCommand({ AlarmName: 'none', StateValue: 'OK', StateReason: '' })),
    ).rejects.toThrow();
  });

  test('dashboards', async () => {
    const { DashboardEntries } = await client.send(new ListDashboardsCommand({}));
    expect(DashboardEntries).toMatchObject([{ DashboardName: 'health', Size: 14, LastModified: expect.any(Date) }]);
    const { DashboardBody } = await client.send(new GetDashboardCommand({ DashboardName: 'health' }));
    expect(DashboardBody).toBe('{"widgets":[]}');
    await expect(client.send(new GetDashboardCommand({ DashboardName: 'x' }))).rejects.toMatchObject({
      name: expect.stringMatching(/DashboardNotFoundError|ResourceNotFound/),
    });
  });

  test('roles may what their policies allow, by namespace and by dashboard', async () => {
    const trust = { Statement: [{ Effect: 'Allow', Principal: { Service: 's' }, Action: 'sts:AssumeRole' }] };
    const role = identities.putRole('observer', parsePolicy(trust, 'trust'));
    const allow = [
      {
        Effect: 'Allow',
        Action: 'cloudwatch:PutMetricData',
        Resource: '*',
        Condition: { StringEquals: { 'cloudwatch:namespace': 'Mine' } },
      },
      {
        Effect: 'Allow',
        Action: 'cloudwatch:GetDashboard',
        Resource: 'arn:aws:cloudwatch::000000000000:dashboard/health',
      },
    ];
    identities.putRolePolicy('observer', 'p', parsePolicy({ Statement: allow }, 'p'));
    const own = clientOf(role.accessKeyId);
    const put = (Namespace: string) =>
      own.send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: 'm', Value: 1 }] }));
    await put('Mine');
    await own.send(new GetDashboardCommand({ DashboardName: 'health' }));
    await expect(put('Other')).rejects.toThrow(/not authorized to perform: cloudwatch:PutMetricData/);
    await expect(own.send(new GetDashboardCommand({ DashboardName: 'x' }))).rejects.toThrow(/not authorized/);
    await expect(own.send(new DescribeAlarmsCommand({}))).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    own.destroy();
  });
});

describe('other protocols', () => {
  const authorization =
    'AWS4-HMAC-SHA256 Credential=pinflow/20261121/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0';

  test('the query protocol', async () => {
    const call = async (parameters: Record<string, string>) => {
      const form = { Version: '2010-08-01', ...parameters };
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams(form),
      });
      return { status: response.status, text: await response.text() };
    };
    const metric = {
      Namespace: 'N',
      MetricName: 'M',
      'Dimensions.member.1.Name': 'd',
      'Dimensions.member.1.Value': '<x> & y',
    };
    const { text } = await call({
      Action: 'GetMetricStatistics',
      ...metric,
      StartTime: StartTime.toISOString(),
      EndTime: EndTime.toISOString(),
      Period: '60',
      'Statistics.member.1': 'Sum',
      'ExtendedStatistics.member.1': 'p99',
    });
    expect(text).toContain(
      `<Datapoints><member><Timestamp>${new Date(NOW).toISOString()}</Timestamp><Sum>12</Sum><Unit>Count</Unit>` +
        '<ExtendedStatistics><entry><key>p99</key><value>9</value></entry></ExtendedStatistics></member></Datapoints>',
    );
    expect((await call({ Action: 'ListMetrics', Namespace: 'N' })).text).toContain('<Value>&lt;x&gt; &amp; y</Value>');
    const missing = await call({ Action: 'GetDashboard', DashboardName: 'x' });
    expect(missing).toMatchObject({ status: 404, text: expect.stringContaining('<Code>ResourceNotFound</Code>') });
    expect((await call({ Action: 'PutInsightRule' })).text).toContain('does not have the operation PutInsightRule');
  });

  test('the JSON protocol', async () => {
    const call = async (operation: string, input: object) => {
      const headers = {
        authorization,
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `GraniteServiceVersion20100801.${operation}`,
      };
      const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(input) });
      return { status: response.status, code: response.headers.get('x-amzn-query-error'), body: await response.json() };
    };
    const query = { Id: 'm', MetricStat: { Metric: METRIC, Period: 60, Stat: 'p50' } };
    const range = { StartTime: NOW / 1_000 - 60, EndTime: NOW / 1_000 + 60 };
    expect((await call('GetMetricData', { ...range, MetricDataQueries: [query] })).body).toMatchObject({
      MetricDataResults: [{ Timestamps: [NOW / 1_000], Values: [expect.closeTo(2, 1)] }],
    });
    expect(await call('GetMetricData', { ...range, MetricDataQueries: [{ Id: 'e', Expression: 'x' }] })).toMatchObject({
      status: 400,
      code: 'ValidationError;Sender',
      body: {
        __type: 'com.amazonaws.cloudwatch#ValidationError',
        message: expect.stringContaining('x, which is not there'),
      },
    });
  });

  test('in process', async () => {
    const found = await door.call(identities.administrator, 'monitoring', 'ListDashboards', {});
    expect(found).toMatchObject({ DashboardEntries: [{ LastModified: expect.any(Number) }] });
  });
});

describe('Python', () => {
  const python = async (...args: string[]) => {
    const key = { AWS_ACCESS_KEY_ID: 'pinflow', AWS_SECRET_ACCESS_KEY: 'pinflow' };
    const env = {
      ...key,
      PATH: process.env['PATH'],
      AWS_REGION: PLACE.region,
      AWS_DEFAULT_REGION: PLACE.region,
      AWS_ENDPOINT_URL: endpoint,
    };
    return (await promisify(execFile)(pythonPath(checkRequirements), args, { env })).stdout;
  };

  test('boto3', async () => {
    expect(JSON.parse(await python(join(import.meta.dirname, 'boto3_checks.py')))).toEqual({
      values: [5],
      age: true,
      statistics: [[2.5, 2.5]],
      alarms: [['alarm', true]],
      dashboards: ['health'],
      missing: 'ResourceNotFound',
    });
  });

  test('the AWS CLI', async () => {
    const said = await python(
      '-m',
      'awscli',
      'cloudwatch',
      'describe-alarms',
      '--alarm-names',
      'alarm',
      '--output',
      'json',
    );
    expect(JSON.parse(said)).toMatchObject({ MetricAlarms: [{ AlarmName: 'alarm', ExtendedStatistic: 'p90' }] });
    const metrics = await python('-m', 'awscli', 'cloudwatch', 'list-metrics', '--namespace', 'N', '--output', 'json');
    expect(JSON.parse(metrics)).toMatchObject({ Metrics: [{ MetricName: 'M', Dimensions: METRIC.Dimensions }] });
  });
});
