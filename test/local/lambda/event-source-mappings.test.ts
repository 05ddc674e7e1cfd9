import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AccessRequest, Caller } from '../../../local/access/caller.ts';
import { lambdaEventSourceMapping } from '../../../local/resources/lambda-event-source-mapping.ts';
import { KinesisService } from '../../../local/services/kinesis/service.ts';
import {
  EventSourceMappings,
  type TakenRecords,
} from '../../../local/services/lambda/event-sources/event-source-mappings.ts';
import type { InvocationResult } from '../../../local/services/lambda/function-definition.ts';
import { type JsonObject, ServiceError } from '../../../local/services/service.ts';

const ROLE: Caller = {
  kind: 'role',
  arn: 'arn:aws:iam::000000000000:role/clean',
  accessKeyId: 'ASIACLEAN',
  secretAccessKey: 'secret',
};
const STREAM = 'arn:aws:kinesis:us-east-1:000000000000:stream/s';
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:clean';

interface Event {
  Records: { eventID: string; kinesis: { sequenceNumber: string; data: string } }[];
}

let directory: string;
let kinesis: KinesisService;
let mappings: EventSourceMappings;
let denied: string | undefined;
let seen: string[];
let events: Event[];
let objects: { bucket: string; key: string; body: string }[];
let handler: (event: Event) => Promise<Partial<InvocationResult>>;

const unused = () => {
  throw new Error('not used in this test');
};

const open = () =>
  new EventSourceMappings({
    region: 'us-east-1',
    file: join(directory, 'checkpoints.sqlite'),
    frontDoor: {
      call: async (_: Caller, __: string, operation: string, input: JsonObject) => {
        if (operation === denied) throw new ServiceError('AccessDeniedException', `kinesis:${operation}`);
        return kinesis.call(operation, input);
      },
      authorize: (_: Caller, { action }: AccessRequest) => {
        if (action === `kinesis:${denied}`) throw new ServiceError('AccessDeniedException', action);
      },
    },
    functions: {
      role: () => ROLE,
      invoke: async (_, json) => {
        const event: Event = JSON.parse(json);
        events.push(event);
        seen.push(texts(event).join(''));
        return { requestId: 'r', payload: 'null', failed: false, ...(await handler(event)) };
      },
    },
    streams: kinesis,
    changes: { getRecords: unused, lastSequenceNumber: unused, onRecords: unused },
    cluster: { call: unused, addNames: unused },
    objects: {
      putObject: async (_, bucket, key, body) => {
        objects.push({ bucket, key, body });
      },
    },
    log: () => {},
  });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  [seen, events, objects, denied] = [[], [], [], undefined];
  handler = async () => ({});
  kinesis = await KinesisService.open({
    directory: join(directory, 'k'),
    account: '000000000000',
    region: 'us-east-1',
  });
  await kinesis.call('CreateStream', { StreamName: 's', ShardCount: 1 });
  mappings = open();
});

afterEach(async () => {
  await mappings.close();
  await kinesis.close();
  rmSync(directory, { recursive: true });
});

const texts = ({ Records }: Event) => Records.map(({ kinesis: { data } }) => Buffer.from(data, 'base64').toString());

async function put(text: string): Promise<void> {
  const Records = [...text].map((one) => ({ PartitionKey: one, Data: Buffer.from(one).toString('base64') }));
  await kinesis.call('PutRecords', { StreamName: 's', Records });
}

async function define(properties: Record<string, unknown> = {}): Promise<string> {
  const { ref } = await lambdaEventSourceMapping(mappings).create({
    type: 'AWS::Lambda::EventSourceMapping',
    stack: 'speed',
    logicalId: 'Pin',
    path: 'speed/Pin',
    account: '000000000000',
    region: 'us-east-1',
    generatedName: () => 'generated',
    properties: {
      FunctionName: FUNCTION,
      EventSourceArn: STREAM,
      StartingPosition: 'TRIM_HORIZON',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ...properties,
    },
  });
  return ref;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i += 1) await sleep(10);
  expect(condition()).toBe(true);
}

const fails = (name: string) => async (event: Event) => {
  const failed = event.Records.find((_, i) => texts(event)[i] === name);
  const batchItemFailures = failed === undefined ? [] : [{ itemIdentifier: failed.kinesis.sequenceNumber }];
  return { payload: JSON.stringify({ batchItemFailures }) };
};

test("a record reaches the function within milliseconds, as AWS's event", async () => {
  await define();
  await mappings.start();
  await sleep(50);
  const start = performance.now();
  await put('a');
  await until(() => events.length === 1);
  expect(performance.now() - start).toBeLessThan(200);
  expect(events[0]).toEqual({
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
  await until(() => seen.join('') === 'abc');
  handler = async () => {
    await sleep(100);
    return {};
  };
  await put('d');
  await until(() => seen.includes('d'));
  await mappings.close();
  mappings = open();
  await define();
  await put('e');
  await mappings.start();
  await until(() => seen.includes('e'));
  expect(seen.join('')).toBe('abcde');
});

test('a stop does not wait for ever, and what was under way then is done again', async () => {
  let end = () => {};
  handler = () =>
    new Promise((resolve) => {
      end = () => resolve({});
    });
  await define();
  await put('a');
  await mappings.start();
  await until(() => seen.length === 1);
  const start = performance.now();
  await mappings.close();
  expect(performance.now() - start).toBeLessThan(4_900);
  end();
  handler = async () => ({});
  mappings = open();
  await define();
  await mappings.start();
  await until(() => seen.length === 2);
  expect(seen).toEqual(['a', 'a']);
});

test('LATEST means since the mapping was made, also when it is down meanwhile', async () => {
  await put('a');
  await sleep(5);
  await define({ StartingPosition: 'LATEST' });
  await mappings.start();
  await mappings.close();
  await put('b');
  mappings = open();
  await define({ StartingPosition: 'LATEST' });
  await mappings.start();
  await until(() => seen.length > 0);
  expect(seen).toEqual(['b']);
});

test('a poison record ends in the bucket with its payload, the others in the function', async () => {
  const id = await define({
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 1,
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::quarantine' } },
  });
  handler = fails('c');
  const through: TakenRecords[] = [];
  mappings.onTaken((taken) => through.push(taken));
  await put('abcd');
  await mappings.start();
  await until(() => seen.includes('d'));
  await until(() => objects.length === 1);
  await until(() => through.flatMap(({ arrivals }) => arrivals).length === 4);
  expect(through[0]).toMatchObject({ functionName: 'clean', sourceArn: STREAM });
  const { bucket, key, body } = objects[0]!;
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
  await until(() => seen.length === 7);
  expect(seen[0]).toBe('a');
  expect([...seen].sort().join('')).toBe('abcdefg');
});

async function until2(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400 && !(await condition()); i += 1) await sleep(10);
}

test.each(['DescribeStream', 'ListShards', 'GetShardIterator', 'GetRecords'])(
  'without the grant of %s the start fails',
  async (operation) => {
    denied = operation;
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
