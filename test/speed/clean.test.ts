import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Context, KinesisStreamEvent, MSKEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { deliveredKafkaRecord } from '../../model/kafka-event.ts';
import type { Part } from '../../model/post.ts';

process.env['POSTS_TABLE'] = 'pinflow-demo-posts';
process.env['COUNTERS_TABLE'] = 'pinflow-demo-counters';
process.env['QUARANTINE_BUCKET'] = 'quarantine';
process.env['FEED_BY_SOURCE'] = '{"streaming-demo-pin":"pin","streaming-demo-geo":"geo","demo.geo":"geo"}';
process.env['POWERTOOLS_METRICS_NAMESPACE'] = 'Pinflow';
process.env['AWS_REGION'] = 'us-east-1';

const dynamo = mockClient(DynamoDBClient);
const s3 = mockClient(S3Client);
const lines: string[] = [];
const loadHandler = async () => (await import('../../lambda/speed/clean/index.ts')).handler;

beforeEach(() => {
  dynamo.reset();
  s3.reset();
  dynamo.on(GetItemCommand).resolves({});
  dynamo.on(UpdateItemCommand).resolves({});
  s3.on(PutObjectCommand).resolves({});
  lines.length = 0;
  // Powertools writes to the streams, not to the console of the tests.
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  }
});

afterEach(() => {
  jest.restoreAllMocks();
});

const geoRow = (ind: number, country: string | null) => ({
  ind,
  country,
  latitude: 1.5,
  longitude: '2',
  timestamp: null,
});
const arrival = 1_598_586_767.123;

const eventOf = (values: readonly unknown[], stream = 'streaming-demo-geo'): KinesisStreamEvent => ({
  Records: values.map((value, index) => ({
    awsRegion: 'us-east-1',
    eventID: `shardId-000000000000:${100 + index}`,
    eventName: 'aws:kinesis:record',
    eventSource: 'aws:kinesis',
    eventSourceARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`,
    eventVersion: '1.0',
    invokeIdentityArn: 'arn:aws:iam::000000000000:role/clean',
    kinesis: {
      approximateArrivalTimestamp: arrival + index / 1000,
      data: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64'),
      kinesisSchemaVersion: '1.0',
      partitionKey: 'partition-1',
      sequenceNumber: String(100 + index),
    },
  })),
});

const contextWith = (remainingMs: number) => ({ getRemainingTimeInMillis: () => remainingMs }) as Context;

const run = async (event: KinesisStreamEvent | MSKEvent, remainingMs = 30_000) =>
  (await loadHandler())(event, contextWith(remainingMs));

const updates = () => dynamo.commandCalls(UpdateItemCommand).map((call) => call.args[0].input);
const partsWritten = () =>
  updates().map(({ ExpressionAttributeValues: values }) => unmarshall(values ?? {})[':part'] as Part);
const fault = (name: string, status = 400) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } });

/** Stops the clock. @returns what lets this many ms pass */
function standingClock(): (ms: number) => void {
  let now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  return (ms) => {
    now += ms;
  };
}

/** The writes of one post are throttled, until the time is up once so many others are stored. */
function throttledPost(ind: string, others: number): void {
  const pass = standingClock();
  dynamo.on(UpdateItemCommand, { Key: { ind: { N: ind } } }).callsFake(() => {
    if (updates().filter(({ Key }) => Key?.['ind']?.N !== ind).length === others) pass(60_000);
    throw fault('ThrottlingException');
  });
}

/** EMF by feed: the counts that are not zero, without latencies. */
function counts(feed = 'geo'): Record<string, number> {
  const metrics = lines.filter((line) => line.includes('CloudWatchMetrics')).map((line) => JSON.parse(line));
  const ofFeed = metrics.filter((metric) => metric.feed === feed);
  const names = [
    'RecordsIn',
    'RowsIn',
    'RowsApplied',
    'RowsDuplicate',
    'RowsSuperseded',
    'RowsQuarantined',
    'FieldsIgnored',
  ];
  const sums = names.map((name) => [name, ofFeed.reduce((sum, metric) => sum + (metric[name] ?? 0), 0)] as const);
  return Object.fromEntries(sums.filter(([, sum]) => sum > 0));
}

const orderKeyOf = (index: number) =>
  `${1_598_586_767_123 + index}#kinesis#streaming-demo-geo#shardId-000000000000#${String(100 + index).padStart(56, '0')}#000000`;

const refusedBy = (stored: Part | undefined) =>
  new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: {},
    Item: marshall({ ind: 1, ...(stored && { geo: stored }) }),
  });

describe('a post', () => {
  test('is written as a part under its order key, unless the table has it or a later one', async () => {
    expect(await run(eventOf([{ ...geoRow(1, 'Albania'), more: true }]))).toEqual({ batchItemFailures: [] });

    expect(updates()).toEqual([
      {
        TableName: 'pinflow-demo-posts',
        Key: { ind: { N: '1' } },
        UpdateExpression: 'SET #feed = :part, gen = :gen',
        ConditionExpression:
          '(attribute_not_exists(#feed) OR #feed.k < :k OR (#feed.k = :k AND #feed.#rules < :rules)) ' +
          'AND (attribute_not_exists(gen) OR gen <= :gen)',
        ExpressionAttributeNames: { '#feed': 'geo', '#rules': 'rules' },
        ExpressionAttributeValues: {
          ':gen': { N: '0' },
          ':k': { S: orderKeyOf(0) },
          ':rules': { N: '1' },
          ':part': {
            M: {
              k: { S: orderKeyOf(0) },
              rules: { N: '1' },
              fields: {
                M: {
                  country: { S: 'Albania' },
                  coordinates: { L: [{ N: '1.5' }, { N: '2' }] },
                  timestamp: { NULL: true },
                },
              },
            },
          },
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    ]);
    expect(counts()).toEqual({ RecordsIn: 1, RowsIn: 1, RowsApplied: 1, FieldsIgnored: 1 });
  });

  test('that comes several times in a batch is written once, as its latest row', async () => {
    const [albania, aruba] = [geoRow(1, 'Albania'), geoRow(1, 'Aruba')];
    await run(eventOf([albania, [aruba, geoRow(2, 'Angola')], albania]));

    expect(updates().map(({ Key }) => Key?.['ind']?.N)).toEqual(['1', '2']);
    expect(partsWritten()[0]).toMatchObject({ k: orderKeyOf(2), fields: { country: 'Albania' } });
    expect(counts()).toEqual({ RecordsIn: 3, RowsIn: 4, RowsApplied: 2, RowsDuplicate: 1, RowsSuperseded: 1 });
  });

  test.each<[string, Part | undefined, string]>([
    ['its own part', { k: orderKeyOf(0), rules: 1, fields: {} }, 'RowsApplied'],
    [
      'a later part of the same content',
      { k: orderKeyOf(1), rules: 1, fields: { timestamp: null, country: 'Albania', coordinates: [1.5, 2] } },
      'RowsDuplicate',
    ],
    [
      'a later part of other content',
      { k: orderKeyOf(1), rules: 1, fields: { timestamp: null, country: 'Albania', coordinates: [1.5, 3] } },
      'RowsSuperseded',
    ],
    ['a part that it does not show', undefined, 'RowsSuperseded'],
  ])('is no failure where the table has %s', async (_, stored, metric) => {
    dynamo.on(UpdateItemCommand).rejects(refusedBy(stored));
    expect(await run(eventOf([geoRow(1, 'Albania')]))).toEqual({ batchItemFailures: [] });
    expect(counts()).toEqual({ RecordsIn: 1, RowsIn: 1, [metric]: 1 });
  });
});

test('a row that a rule refuses is kept with its bytes, and the rest is stored', async () => {
  const raw = '{"name":"Maya"}';
  expect(await run(eventOf([raw, geoRow(1, 'Albania')]))).toEqual({ batchItemFailures: [] });

  const [put] = s3.commandCalls(PutObjectCommand).map((call) => call.args[0].input);
  expect(put).toMatchObject({
    Bucket: 'quarantine',
    Key: 'quarantine/speed/geo/dt=2020-08-28/kinesis~streaming-demo-geo~shardId-000000000000~100~0.json',
    ContentType: 'application/json',
  });
  expect(JSON.parse(String(put?.Body))).toEqual({
    coordinate: {
      source: 'kinesis',
      topic: 'streaming-demo-geo',
      partition: 'shardId-000000000000',
      offset: '100',
      position: 0,
    },
    feed: 'geo',
    arrival: '2020-08-28T03:52:47.123Z',
    rule: 'shape',
    field: 'ind',
    reason: expect.stringContaining('ind is missing'),
    rulesVersion: 1,
    quarantinedAt: expect.stringMatching(/Z$/),
    rawBase64: Buffer.from(raw).toString('base64'),
  });
  expect(counts()).toEqual({ RecordsIn: 2, RowsIn: 2, RowsApplied: 1, RowsQuarantined: 1 });
});

describe('a store that fails', () => {
  test.each([
    ['ProvisionedThroughputExceededException', 400],
    ['ThrottlingException', 400],
    ['RequestLimitExceeded', 400],
    ['InternalServerError', 500],
    ['TimeoutError', 0],
    ['Unnamed', 503],
  ])('with %s is asked again', async (name, status) => {
    dynamo.on(UpdateItemCommand).rejectsOnce(fault(name, status)).rejectsOnce(fault(name, status)).resolves({});
    expect(await run(eventOf([geoRow(1, 'Albania')]))).toEqual({ batchItemFailures: [] });
    expect(updates()).toHaveLength(3);
    expect(counts()).toMatchObject({ RowsApplied: 1 });
  });

  test('for the quarantine is asked again too', async () => {
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    s3.on(PutObjectCommand).rejectsOnce(fault('SlowDown', 503)).rejectsOnce(reset).resolves({});
    await run(eventOf(['hello']));
    expect(counts()).toMatchObject({ RowsQuarantined: 1 });
  });

  test('until the time is up has the batch start again from the earliest record it failed', async () => {
    throttledPost('2', 2);
    s3.on(PutObjectCommand).rejects(fault('SlowDown', 503));
    const event = eventOf([geoRow(1, 'A'), geoRow(2, 'A'), geoRow(3, 'A'), 'hello', geoRow(2, 'B')]);

    expect(await run(event)).toEqual({ batchItemFailures: [{ itemIdentifier: '101' }] });
    expect(counts()).toEqual({ RecordsIn: 5, RowsIn: 5, RowsApplied: 2 });
    expect(lines.join('')).toContain('"sequenceNumber":"101","reason":"Gave up at the deadline: ThrottlingException');
  });

  test('for long has what comes first in the log stored first, so that the batch is further on when it starts again', async () => {
    const pass = standingClock();
    dynamo.on(UpdateItemCommand).callsFake(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      pass(100);
      return {};
    });
    const rows = Array.from({ length: 400 }, (_, ind) => geoRow(ind, 'A'));
    const { batchItemFailures } = await run(eventOf(['hello', ...rows]));
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(1);
    expect(Number(batchItemFailures[0]?.itemIdentifier)).toBeGreaterThan(100);
  });

  test('is not asked at all without time', async () => {
    expect(await run(eventOf([geoRow(1, 'A')]), 900)).toEqual({ batchItemFailures: [{ itemIdentifier: '100' }] });
    expect(updates()).toEqual([]);
  });

  test.each(['AccessDeniedException', 'ResourceNotFoundException', 'ValidationException'])(
    'with %s fails the invocation',
    async (name) => {
      dynamo.on(UpdateItemCommand).rejects(fault(name));
      await expect(run(eventOf([geoRow(1, 'Albania')]))).rejects.toThrow(name);
      expect(updates()).toHaveLength(1);
    },
  );
});

describe('records of a topic', () => {
  /** One batch of two partitions. @param values null: a tombstone */
  const kafkaEvent = (values: readonly (object | string | null)[]): MSKEvent => {
    const recordAt = (value: object | string | null, index: number) => ({
      topic: 'demo.geo',
      partition: index % 2,
      offset: 7 + index,
      timestamp: 1_598_586_767_123 + index,
      timestampType: 'LOG_APPEND_TIME' as const,
      key: Buffer.from('key').toString('base64'),
      ...(value !== null && {
        value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64'),
      }),
      headers: [],
    });
    const records = values.map(recordAt) as MSKEvent['records'][string];
    const ofPartition = (partition: number) => records.filter((record) => record.partition === partition);
    return {
      eventSource: 'aws:kafka',
      eventSourceArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/pinflow-demo/0b1c2d3e-1',
      bootstrapServers: 'b-1.example.com:9098',
      records: { 'demo.geo-0': ofPartition(0), 'demo.geo-1': ofPartition(1) },
    };
  };
  const keyOf = (index: number) =>
    `${1_598_586_767_123 + index}#kafka#demo.geo#${index % 2}#${String(7 + index).padStart(56, '0')}#000000`;

  test('are stored by their place in the topic and the time at which it took them', async () => {
    expect(await run(kafkaEvent([geoRow(1, 'Albania'), geoRow(2, 'Aruba')]))).toEqual({ batchItemFailures: [] });
    expect(partsWritten()).toMatchObject([
      { k: keyOf(0), rules: 1, fields: { country: 'Albania' } },
      { k: keyOf(1), rules: 1, fields: { country: 'Aruba' } },
    ]);
    expect(counts()).toEqual({ RecordsIn: 2, RowsIn: 2, RowsApplied: 2 });
  });

  test('of one post are written once, as the latest arrival of all partitions', async () => {
    await run(kafkaEvent([geoRow(1, 'Albania'), geoRow(1, 'Aruba'), geoRow(1, 'Angola')]));
    expect(partsWritten()).toMatchObject([{ k: keyOf(2), fields: { country: 'Angola' } }]);
    expect(counts()).toEqual({ RecordsIn: 3, RowsIn: 3, RowsApplied: 1, RowsSuperseded: 2 });
  });

  test.each<[string, object | string | null, string, string]>([
    ['a bad row', '{"name":"Maya"}', 'shape', '{"name":"Maya"}'],
    ['an empty value', '', 'empty', ''],
    ['a tombstone', null, 'empty', ''],
    ['no JSON', 'hello', 'unwrap', 'hello'],
  ])('with %s are kept with their bytes and coordinate', async (_, value, rule, bytes) => {
    await run(kafkaEvent([value, geoRow(1, 'Albania')]));
    const [put] = s3.commandCalls(PutObjectCommand).map((call) => call.args[0].input);
    expect(put?.Key).toBe('quarantine/speed/geo/dt=2020-08-28/kafka~demo.geo~0~7~0.json');
    expect(JSON.parse(String(put?.Body))).toMatchObject({
      coordinate: { source: 'kafka', topic: 'demo.geo', partition: '0', offset: '7', position: 0 },
      arrival: '2020-08-28T03:52:47.123Z',
      rule,
      rawBase64: Buffer.from(bytes).toString('base64'),
    });
    expect(counts()).toEqual({ RecordsIn: 2, RowsIn: 2, RowsApplied: 1, RowsQuarantined: 1 });
  });

  test.each([-1, 1_598_586_767_123_000])('whose time is %p arrived at 0, as in raw', (timestamp) => {
    const record = { topic: 'demo.geo', partition: 0, offset: 7, timestamp, value: null };
    expect(deliveredKafkaRecord(record)).toMatchObject({ offset: '7', arrivalMs: 0 });
  });

  test('come again as a whole if a store stays unavailable; what was stored is counted', async () => {
    throttledPost('2', 1);
    await expect(run(kafkaEvent([geoRow(1, 'A'), geoRow(2, 'A')]))).rejects.toThrow(
      'Gave up at the deadline: ThrottlingException',
    );
    expect(counts()).toEqual({ RecordsIn: 2, RowsIn: 2, RowsApplied: 1 });
  });
});

test('a stream that FEED_BY_SOURCE does not name fails the invocation', async () => {
  await expect(run(eventOf([{}], 'streaming-demo-user'))).rejects.toThrow(
    'FEED_BY_SOURCE names no feed for streaming-demo-user, only for streaming-demo-pin, streaming-demo-geo, demo.geo',
  );
});

test('metrics have the dimensions feed and function alone, and every latency', async () => {
  await run(eventOf(Array.from({ length: 300 }, (_, ind) => geoRow(ind, 'Albania'))));
  expect(lines.join('')).not.toContain('No application metrics');
  const metrics = lines.filter((line) => line.includes('CloudWatchMetrics')).map((line) => JSON.parse(line));

  for (const metric of metrics) {
    expect(metric._aws.CloudWatchMetrics[0]).toMatchObject({
      Namespace: 'Pinflow',
      Dimensions: [['feed', 'function']],
    });
    expect(metric).toMatchObject({ feed: 'geo', function: 'clean' });
  }
  expect(metrics.flatMap((metric) => metric.ArrivalToStored ?? [])).toHaveLength(300);
  expect(counts()).toEqual({ RecordsIn: 300, RowsIn: 300, RowsApplied: 300 });
});

test('writes at most 32 at a time', async () => {
  let [under, most] = [0, 0];
  dynamo.on(UpdateItemCommand).callsFake(async () => {
    most = Math.max(most, ++under);
    await new Promise((resolve) => setTimeout(resolve, 1));
    under--;
    return {};
  });
  await run(eventOf(Array.from({ length: 100 }, (_, ind) => geoRow(ind, 'Albania'))));
  expect(most).toBe(32);
});
