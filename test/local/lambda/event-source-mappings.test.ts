import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lambdaEventSourceMapping } from '../../../local/resources/lambda-event-source-mapping.ts';
import { KinesisService } from '../../../local/services/kinesis/service.ts';
import type {
  EventSourceMappings,
  TakenRecords,
} from '../../../local/services/lambda/event-sources/event-source-mappings.ts';
import {
  define as declare,
  FUNCTION,
  type Harness,
  mappingHarness,
  ROLE,
  stopwatch,
  until,
} from './mapping-harness.ts';

const STREAM = 'arn:aws:kinesis:us-east-1:000000000000:stream/s';

interface Event {
  Records: { eventID: string; kinesis: { sequenceNumber: string; data: string } }[];
}

let directory: string;
let kinesis: KinesisService;
let mappings: EventSourceMappings;
let harness: Harness;
let stopLimitMs: number | undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  kinesis = await KinesisService.open({
    directory: join(directory, 'k'),
    account: '000000000000',
    region: 'us-east-1',
  });
  await kinesis.call('CreateStream', { StreamName: 's', ShardCount: 1 });
  stopLimitMs = undefined;
  harness = mappingHarness(
    () => directory,
    () => ({ streams: kinesis, services: [kinesis], ...(stopLimitMs !== undefined && { stopLimitMs }) }),
  );
  mappings = harness.open();
});

afterEach(async () => {
  await mappings.close();
  await kinesis.close();
  rmSync(directory, { recursive: true });
});

const events = () => harness.events as Event[];
const texts = ({ Records }: Event) => Records.map(({ kinesis: { data } }) => Buffer.from(data, 'base64').toString());

async function put(text: string): Promise<void> {
  const Records = [...text].map((one) => ({ PartitionKey: one, Data: Buffer.from(one).toString('base64') }));
  await kinesis.call('PutRecords', { StreamName: 's', Records });
}

const define = (properties: Record<string, unknown> = {}): Promise<string> =>
  declare(mappings, {
    EventSourceArn: STREAM,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ...properties,
  });

/** What the function was given, event by event. */
const seen = () => events().map((event) => texts(event).join(''));

const fails = (name: string) => async (given: unknown) => {
  const event = given as Event;
  const failed = event.Records.find((_, i) => texts(event)[i] === name);
  const batchItemFailures = failed === undefined ? [] : [{ itemIdentifier: failed.kinesis.sequenceNumber }];
  return { payload: JSON.stringify({ batchItemFailures }) };
};

test("a record reaches the function at once, as AWS's event", async () => {
  await define();
  await mappings.start();
  const took: number[] = [];
  for (const text of 'abcde') {
    const watch = stopwatch();
    await put(text);
    await until(() => events().length > took.length);
    took.push(watch());
  }
  // Told of the put: the next look without it is a second after the one before. A busy machine may hold one up.
  expect(Math.min(...took.slice(1))).toBeLessThan(900);
  expect(events()[0]).toEqual({
    Records: [
      {
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: 'a',
          sequenceNumber: expect.stringMatching(/^\d{56}$/),
          data: 'YQ==',
          approximateArrivalTimestamp: expect.any(Number),
        },
        eventSource: 'aws:kinesis',
        eventVersion: '1.0',
        eventID: expect.stringMatching(/^shardId-000000000000:\d{56}$/),
        eventName: 'aws:kinesis:record',
        invokeIdentityArn: ROLE.arn,
        awsRegion: 'us-east-1',
        eventSourceARN: STREAM,
      },
    ],
  });
});

test('a restart goes on after what is done, and a stop waits for the invocation under way', async () => {
  await define({ BatchSize: 2 });
  await put('abc');
  await mappings.start();
  await until(() => seen().join('') === 'abc');
  harness.handler = async () => {
    await sleep(100);
    return {};
  };
  await put('d');
  await until(() => seen().includes('d'));
  await mappings.close();
  mappings = harness.open();
  await define();
  await put('e');
  await mappings.start();
  await until(() => seen().includes('e'));
  expect(seen().join('')).toBe('abcde');
});

test('a stop does not wait for ever, and what was under way then is done again', async () => {
  await mappings.close();
  stopLimitMs = 500;
  mappings = harness.open();
  let end = () => {};
  harness.handler = () =>
    new Promise((resolve) => {
      end = () => resolve({});
    });
  await define();
  await put('a');
  await mappings.start();
  await until(() => seen().length === 1);
  const watch = stopwatch();
  await mappings.close();
  expect(watch()).toBeLessThan(4_900);
  end();
  harness.handler = async () => ({});
  mappings = harness.open();
  await define();
  await mappings.start();
  await until(() => seen().length === 2);
  expect(seen()).toEqual(['a', 'a']);
});

test('LATEST means since the mapping was made, also when it is down meanwhile', async () => {
  await put('a');
  await sleep(5);
  await define({ StartingPosition: 'LATEST' });
  await mappings.start();
  await mappings.close();
  await put('b');
  mappings = harness.open();
  await define({ StartingPosition: 'LATEST' });
  await mappings.start();
  await until(() => seen().length > 0);
  expect(seen()).toEqual(['b']);
});

test('a poison record ends in the bucket with its payload, the others in the function', async () => {
  const id = await define({
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 1,
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::quarantine' } },
  });
  harness.handler = fails('c');
  const through: TakenRecords[] = [];
  mappings.onTaken((taken) => through.push(taken));
  await put('abcd');
  await mappings.start();
  await until(() => seen().includes('d'));
  await until(() => harness.objects.length === 1);
  await until(() => through.flatMap(({ arrivals }) => arrivals).length === 4);
  expect(through[0]).toMatchObject({ functionName: 'reader', sourceArn: STREAM });
  const { bucket, key, body } = harness.objects[0]!;
  expect(bucket).toBe('quarantine');
  expect(key).toMatch(
    new RegExp(
      `^aws/lambda/${id}/shardId-000000000000/\\d{4}/\\d\\d/\\d\\d/\\d{4}-\\d\\d-\\d\\dT\\d\\d\\.\\d\\d\\.\\d\\d-[0-9a-f-]{36}$`,
    ),
  );
  const object = JSON.parse(body);
  expect(object).toMatchObject({
    requestContext: { functionArn: FUNCTION, condition: 'RetryAttemptsExhausted', requestId: 'r' },
    KinesisBatchInfo: { shardId: 'shardId-000000000000', batchSize: 1, streamArn: STREAM },
    version: '1.0',
  });
  expect(texts(JSON.parse(object.payload))).toEqual(['c']);
});

test('children are read after their parents', async () => {
  await define({ BatchSize: 1 });
  await put('a');
  await kinesis.call('SplitShard', {
    StreamName: 's',
    ShardToSplit: 'shardId-000000000000',
    NewStartingHashKey: '170141183460469231731687303715884105728',
  });
  await until2(async () => (await kinesis.find('s'))?.StreamStatus === 'ACTIVE');
  await put('bcdefg');
  await mappings.start();
  await until(() => seen().length === 7);
  expect(seen()[0]).toBe('a');
  expect([...seen()].sort().join('')).toBe('abcdefg');
});

async function until2(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1_500 && !(await condition()); i += 1) await sleep(10);
}

test.each(['DescribeStream', 'ListShards', 'GetShardIterator', 'GetRecords'])(
  'without the grant of %s the start fails',
  async (operation) => {
    harness.denied = `kinesis:${operation}`;
    await define();
    await expect(mappings.start()).rejects.toThrow(`kinesis:${operation}`);
  },
);

test('what is not built is refused by property', () => {
  const { check } = lambdaEventSourceMapping(mappings);
  expect(check!({ EventSourceArn: STREAM, ParallelizationFactor: 2 })).toEqual([
    'has ParallelizationFactor 2; one batch a shard runs here at a time, so set it to 1',
  ]);
  expect(check!({ EventSourceArn: 'arn:aws:sqs:us-east-1:0:queue' })).toHaveLength(1);
  expect(check!({ EventSourceArn: { Ref: 'Stream' }, FunctionResponseTypes: ['ReportBatchItemFailures'] })).toEqual([]);
});
