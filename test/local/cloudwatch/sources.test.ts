import { expect, test } from '@jest/globals';
import type { Admin } from '@platformatic/kafka';
import { callMetrics } from '../../../local/services/cloudwatch/sources/call-metrics.ts';
import { FaultZeros } from '../../../local/services/cloudwatch/sources/fault-zeros.ts';
import { KafkaSampler } from '../../../local/services/cloudwatch/sources/kafka-sampler.ts';
import {
  putApiRequest,
  putExecution,
  putJobRun,
  putQuery,
  putStreamRead,
} from '../../../local/services/cloudwatch/sources/observers.ts';
import type { MetricSink, Observation } from '../../../local/services/cloudwatch/types.ts';
import { ServiceError } from '../../../local/services/service.ts';

/** Name -> value, of what has all of these dimensions and no others. */
function told(work: (sink: MetricSink) => void, dimensions: Record<string, string>): Record<string, unknown> {
  const seen: Observation[] = [];
  work({ put: (observation) => void seen.push(observation) });
  const wanted = JSON.stringify(Object.entries(dimensions).sort());
  const own = seen.filter((one) => JSON.stringify(Object.entries(one.dimensions).sort()) === wanted);
  return Object.fromEntries(own.map(({ name, value }) => [name, value]));
}

test('records put into a stream, those it takes and those it refuses', () => {
  const Records = ['YQ==', 'YWJj'].map((Data) => ({ Data, PartitionKey: '1' }));
  const call = { service: 'kinesis', operation: 'PutRecords', input: { StreamName: 's', Records }, ms: 4 };
  const output = { Records: [{ SequenceNumber: '1' }, { ErrorCode: 'ProvisionedThroughputExceededException' }] };
  expect(told((sink) => callMetrics(sink)({ ...call, output }), { StreamName: 's' })).toMatchObject({
    IncomingRecords: 1,
    IncomingBytes: 1,
    WriteProvisionedThroughputExceeded: 1,
    'PutRecords.TotalRecords': 2,
    'PutRecords.ThrottledRecords': 1,
  });
  const error = new ServiceError('ProvisionedThroughputExceededException', '');
  const input = { StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/s', Data: '', PartitionKey: '1' };
  const refused = { ...call, operation: 'PutRecord', input, error };
  expect(told((sink) => callMetrics(sink)(refused), { StreamName: 's' })).toEqual({
    'PutRecord.Success': 0,
    WriteProvisionedThroughputExceeded: 1,
  });
});

test('pages of a stream are as old as their last record', () => {
  // So far apart that it does not matter how long the look takes.
  const Records = [90, 50].map((age) => ({ Data: 'YWJj', ApproximateArrivalTimestamp: Date.now() / 1_000 - age }));
  expect(told((sink) => putStreamRead(sink, 's', { Records }), { StreamName: 's' })).toEqual({
    'GetRecords.IteratorAgeMilliseconds': expect.closeTo(50_000, -4),
    'GetRecords.Records': 2,
    'GetRecords.Bytes': 6,
  });
});

test.each<[string, unknown, Record<string, number>]>([
  ['a fault', new Error('disk'), { SystemErrors: 1 }],
  ['a throttle', new ServiceError('ThrottlingException', ''), { ThrottledRequests: 1 }],
  ['a wrong request', new ServiceError('ValidationException', ''), {}],
])('operations of a table: %s', (_, error, expected) => {
  const call = { service: 'dynamodb', operation: 'PutItem', input: { TableName: 't' }, error, ms: 3 };
  expect(told((sink) => callMetrics(sink)(call), { TableName: 't', Operation: 'PutItem' })).toEqual(expected);
});

test('a request of an API counts for the API and for its stage', () => {
  const request = { api: 'a', stage: 'prod', status: 503, latency: 9, integrationLatency: undefined };
  const expected = { Count: 1, '4XXError': 0, '5XXError': 1, Latency: 9 };
  expect(told((sink) => putApiRequest(sink, request), { ApiName: 'a' })).toEqual(expected);
  expect(told((sink) => putApiRequest(sink, request), { ApiName: 'a', Stage: 'prod' })).toEqual(expected);
});

test('executions, runs and queries by how they end', () => {
  const machine = { StateMachineArn: 'm' };
  expect(told((sink) => putExecution(sink, 'm', 'TIMED_OUT', 5), machine)).toEqual({
    ExecutionsTimedOut: 1,
    ExecutionTime: 5,
  });
  const all = { JobName: 'j', JobRunId: 'ALL', Type: 'count' };
  expect(told((sink) => putJobRun(sink, 'j', 'r', true, 5), all)).toEqual({
    'glue.driver.aggregate.numFailedTasks': 1,
    'glue.driver.aggregate.elapsedTime': 5,
  });
  const query = { workGroup: 'w', state: 'SUCCEEDED', type: 'DML', scannedBytes: 7, totalMs: 2 };
  const dimensions = { WorkGroup: 'w', QueryState: 'SUCCEEDED', QueryType: 'DML' };
  expect(told((sink) => putQuery(sink, query), dimensions)).toMatchObject({ ProcessedBytes: 7, TotalExecutionTime: 2 });
});

test('a broker that answers, but not all that it is asked, is not down', async () => {
  const seen: Observation[] = [];
  const problems: string[] = [];
  const partitions = [{ leader: 1, isr: [1], replicas: [1] }];
  const admin = {
    listTopics: async () => ['t'],
    metadata: async () => ({ topics: new Map([['t', { partitions, partitionsCount: 1 }]]) }),
    listOffsets: async () => {
      throw new Error('too late');
    },
  } as unknown as Admin;
  const sampler = new KafkaSampler({
    sink: { put: (observation) => void seen.push(observation) },
    cluster: () => ({ clusterInfoList: [{ clusterName: 'c', numberOfBrokerNodes: 1 }] }),
    engine: async () => ({ pid: undefined, bootstrapServers: '', administer: (work) => work(admin) }),
    directory: '.',
    log: (line) => problems.push(line),
  });
  await sampler.sample();
  expect(problems).toEqual(['Metrics of Kafka are missing: too late']);
  expect(seen.filter(({ name }) => name === 'ActiveControllerCount').map(({ value }) => value)).toEqual([1]);
});

test('what only faults bring about is zero for each resource that was seen', () => {
  const work = (sink: MetricSink) => {
    const zeros = new FaultZeros(sink);
    zeros.put({
      namespace: 'AWS/DynamoDB',
      name: 'ConsumedReadCapacityUnits',
      dimensions: { TableName: 't' },
      value: 1,
    });
    zeros.know('AWS/Scheduler', { ScheduleGroup: 'default' });
    zeros.know('Own', { TableName: 't' });
    zeros.tell();
  };
  expect(told(work, { TableName: 't' })).toEqual({
    ConsumedReadCapacityUnits: 1,
    ReadThrottleEvents: 0,
    WriteThrottleEvents: 0,
  });
  expect(told(work, { ScheduleGroup: 'default' })).toEqual({ InvocationDroppedCount: 0, TargetErrorCount: 0 });
});
