import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DynamoDbService } from '../../../local/services/dynamodb/service.ts';
import type { EventSourceMappings } from '../../../local/services/lambda/event-sources/event-source-mappings.ts';
import { define, FUNCTION, mappingHarness, stopwatch, until } from './mapping-harness.ts';

interface StreamEvent {
  Records: { eventID: string; dynamodb: { SequenceNumber: string; Keys: { ind: { N: string } } } }[];
  window?: { start: string; end: string };
  state?: unknown;
  shardId?: string;
  isFinalInvokeForWindow?: boolean;
}

let directory: string;
let dynamodb: DynamoDbService;
let mappings: EventSourceMappings;
let stream: string;
let harness: ReturnType<typeof mappingHarness>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  dynamodb = await DynamoDbService.open({
    directory: join(directory, 'd'),
    account: '000000000000',
    region: 'us-east-1',
  });
  await dynamodb.createTable({
    TableName: 'posts',
    KeySchema: [{ AttributeName: 'ind', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'ind', AttributeType: 'N' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
  stream = (await dynamodb.streams.put('posts', 'NEW_AND_OLD_IMAGES')).LatestStreamArn!;
  harness = mappingHarness(
    () => directory,
    () => ({ changes: dynamodb.streams, services: [dynamodb] }),
  );
  mappings = harness.open();
});

afterEach(async () => {
  await mappings.close();
  await dynamodb.close();
  rmSync(directory, { recursive: true });
});

const put = (ind: number, v = 'a') =>
  dynamodb.call('PutItem', { TableName: 'posts', Item: { ind: { N: String(ind) }, v: { S: v } } });
const events = () => harness.events as StreamEvent[];
const inds = (event: StreamEvent) => event.Records.map((record) => Number(record.dynamodb.Keys.ind.N));
const seen = () => events().flatMap(inds);

test("a change reaches the function at once, as AWS's event", async () => {
  await define(mappings, { EventSourceArn: stream });
  await mappings.start();
  const took: number[] = [];
  for (let ind = 1; ind <= 5; ind += 1) {
    const watch = stopwatch();
    // Of one item, so that all is read by one poller.
    await put(1, `v${ind}`);
    await until(() => events().length > took.length);
    took.push(watch());
  }
  // Told of the write: the next look without it is a second after the one before. A busy machine may hold one up.
  expect(Math.min(...took.slice(1))).toBeLessThan(900);
  expect(events()[0]).toEqual({
    Records: [
      {
        eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventName: 'INSERT',
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'us-east-1',
        dynamodb: {
          ApproximateCreationDateTime: expect.any(Number),
          Keys: { ind: { N: '1' } },
          NewImage: { ind: { N: '1' }, v: { S: 'v1' } },
          SequenceNumber: expect.stringMatching(/^\d{27}$/),
          SizeBytes: expect.any(Number),
          StreamViewType: 'NEW_AND_OLD_IMAGES',
        },
        eventSourceARN: stream,
      },
    ],
  });
});

test('a restart goes on after what is done; LATEST means since the mapping was made', async () => {
  await put(1);
  await define(mappings, { EventSourceArn: stream, StartingPosition: 'LATEST' });
  await mappings.start();
  await put(2);
  await until(() => seen().includes(2));
  await mappings.close();
  for (let ind = 3; ind < 9; ind += 1) await put(ind);
  mappings = harness.open();
  await define(mappings, { EventSourceArn: stream, StartingPosition: 'LATEST' });
  await mappings.start();
  await until(() => seen().length === 7);
  expect(seen().sort()).toEqual([2, 3, 4, 5, 6, 7, 8]);
});

test('without a limit a batch is retried until it is done, from the record reported', async () => {
  let left = 3;
  harness.handler = (event) => {
    const poison = (event as StreamEvent).Records.find(({ dynamodb: { Keys } }) => Keys.ind.N === '5');
    if (poison === undefined || left === 0) return {};
    left -= 1;
    return { payload: JSON.stringify({ batchItemFailures: [{ itemIdentifier: poison.dynamodb.SequenceNumber }] }) };
  };
  for (let ind = 0; ind < 10; ind += 1) await put(ind);
  await define(mappings, {
    EventSourceArn: stream,
    MaximumRetryAttempts: -1,
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  await mappings.start();
  const withPoison = () => events().filter((event) => inds(event).includes(5));
  await until(() => withPoison().length === 4 && new Set(seen()).size === 10);
  // What comes before the reported record is not sent again.
  expect(inds(withPoison()[1]!)[0]).toBe(5);
});

test('a batch given up is in the bucket, with its stream', async () => {
  harness.handler = (event) => ({ failed: inds(event as StreamEvent).includes(1) });
  const id = await define(mappings, {
    EventSourceArn: stream,
    BatchSize: 1,
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::quarantine' } },
  });
  for (let ind = 0; ind < 4; ind += 1) await put(ind);
  await mappings.start();
  await until(() => harness.objects.length === 1 && seen().length === 4);
  const { key, body } = harness.objects[0]!;
  const object = JSON.parse(body);
  expect(key).toContain(`aws/lambda/${id}/${object.DDBStreamBatchInfo.shardId}/`);
  expect(object).toMatchObject({
    requestContext: { functionArn: FUNCTION, condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
    DDBStreamBatchInfo: { batchSize: 1, streamArn: stream, startSequenceNumber: expect.any(String) },
  });
  expect(inds(JSON.parse(object.payload))).toEqual([1]);
});

test('in a tumbling window the shard is told, the state handed on over a restart, and the end told once', async () => {
  harness.handler = (event) => {
    const { Records, state } = event as StreamEvent;
    const { sum = 0 } = state as { sum?: number };
    return { payload: JSON.stringify({ state: { sum: sum + Records.length }, batchItemFailures: [] }) };
  };
  const properties = { EventSourceArn: stream, TumblingWindowInSeconds: 2, BatchSize: 1 };
  await define(mappings, properties);
  await mappings.start();
  // So that all of it is in one window, unless the machine is held up.
  await sleep(2_000 - (Date.now() % 2_000) + 10);
  for (let ind = 0; ind < 6; ind += 1) await put(ind);
  await until(() => seen().length === 6);
  await mappings.close();
  mappings = harness.open();
  await define(mappings, properties);
  await mappings.start();
  const windowOf = ({ shardId, window }: StreamEvent) => `${shardId} ${window!.start}`;
  const ends = () => events().filter((event) => event.isFinalInvokeForWindow);
  await until(() => ends().length === new Set(events().map(windowOf)).size);
  const last = new Map<string, unknown>();
  for (const event of events()) {
    const count = events().filter((one) => windowOf(one) === windowOf(event) && one.Records.length > 0).length;
    if (event.isFinalInvokeForWindow) expect(event).toMatchObject({ Records: [], state: { sum: count } });
    else expect(event.state).toEqual(last.get(windowOf(event)) ?? {});
    last.set(windowOf(event), { sum: ((event.state as { sum?: number }).sum ?? 0) + 1 });
    expect(Date.parse(event.window!.end) - Date.parse(event.window!.start)).toBe(2_000);
    expect(event).toMatchObject({ eventSourceARN: stream, isWindowTerminatedEarly: false });
  }
  expect(new Set(events().map(({ shardId }) => shardId)).size).toBe(2);
  expect(new Set(ends().map(windowOf)).size).toBe(ends().length);
});

test('in a window, an answer without a state is a failure', async () => {
  let answers = 0;
  harness.handler = () => {
    answers += 1;
    return { payload: answers < 3 ? '{"batchItemFailures":[]}' : '{"state":{}}' };
  };
  await put(1);
  await define(mappings, { EventSourceArn: stream, TumblingWindowInSeconds: 900 });
  await mappings.start();
  await until(() => events().length >= 3);
  await sleep(300);
  expect(seen()).toEqual([1, 1, 1]);
});

test('an item that is deleted because its time is over is told as a deletion by the service', async () => {
  dynamodb.timeToLive.put('posts', 'ttl');
  const ttl = { N: String(Math.floor(Date.now() / 1_000) - 10) };
  await dynamodb.call('PutItem', { TableName: 'posts', Item: { ind: { N: '1' }, ttl } });
  await dynamodb.timeToLive.sweep();
  await define(mappings, { EventSourceArn: stream });
  await mappings.start();
  await until(() => seen().length === 2);
  expect(events().flatMap(({ Records }) => Records)[1]).toMatchObject({
    eventName: 'REMOVE',
    userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
  });
});

test.each(['ListStreams', 'DescribeStream', 'GetShardIterator', 'GetRecords'])(
  'without the grant of %s the start fails',
  async (operation) => {
    harness.denied = `dynamodb:${operation}`;
    await define(mappings, { EventSourceArn: stream });
    await expect(mappings.start()).rejects.toThrow(`dynamodb:${operation}`);
  },
);
