import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dynamoDbGlobalTable } from '../../../local/resources/dynamodb-table.ts';
import type { StreamViewType } from '../../../local/services/dynamodb/change-record.ts';
import { DynamoDbService } from '../../../local/services/dynamodb/service.ts';

const TABLE = {
  TableName: 'posts',
  KeySchema: [{ AttributeName: 'ind', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'ind', AttributeType: 'N' }],
  BillingMode: 'PAY_PER_REQUEST',
};

interface StreamRecord {
  eventName: string;
  dynamodb: Record<string, unknown> & { SequenceNumber: string; Keys: { ind: { N: string } } };
}

let directory: string;
let dynamodb: DynamoDbService;

const open = () => DynamoDbService.open({ directory, account: '000000000000', region: 'us-east-1' });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  dynamodb = await open();
  await dynamodb.createTable(TABLE);
});

afterEach(async () => {
  await dynamodb.close();
  rmSync(directory, { recursive: true });
});

const enable = async (view: StreamViewType = 'NEW_AND_OLD_IMAGES') =>
  (await dynamodb.streams.put('posts', view)).LatestStreamArn!;
const put = (ind: number, v: string) =>
  dynamodb.call('PutItem', { TableName: 'posts', Item: { ind: { N: String(ind) }, v: { S: v } } });
const remove = (ind: number) => dynamodb.call('DeleteItem', { TableName: 'posts', Key: { ind: { N: String(ind) } } });

async function shardsOf(StreamArn: string): Promise<string[]> {
  const { StreamDescription } = await dynamodb.call('DescribeStream', { StreamArn });
  return (StreamDescription as { Shards: { ShardId: string }[] }).Shards.map(({ ShardId }) => ShardId);
}

async function iterator(StreamArn: string, ShardId: string, members: Record<string, unknown> = {}): Promise<string> {
  const input = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON', ...members };
  return String((await dynamodb.call('GetShardIterator', input))['ShardIterator']);
}

async function read(from: string, Limit = 1_000): Promise<{ records: StreamRecord[]; next: string }> {
  const { Records, NextShardIterator } = await dynamodb.call('GetRecords', { ShardIterator: from, Limit });
  return { records: Records as StreamRecord[], next: String(NextShardIterator) };
}

/** All records of all shards, shard by shard. */
async function readAll(streamArn: string): Promise<StreamRecord[]> {
  const found: StreamRecord[] = [];
  for (const shard of await shardsOf(streamArn)) {
    for (let from = await iterator(streamArn, shard); ; ) {
      const { records, next } = await read(from);
      if (records.length === 0) break;
      found.push(...records);
      from = next;
    }
  }
  return found;
}

test('a put, a change and a delete are told with both images; what changes nothing is not told', async () => {
  const arn = await enable();
  await put(1, 'a');
  await put(1, 'a');
  await put(1, 'b');
  await dynamodb.call('BatchWriteItem', {
    RequestItems: { posts: [{ DeleteRequest: { Key: { ind: { N: '1' } } } }] },
  });
  await remove(1);
  const image = (v: string) => ({ ind: { N: '1' }, v: { S: v } });
  const record = (eventName: string, members: Record<string, unknown>) => ({
    eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
    eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    dynamodb: {
      ApproximateCreationDateTime: expect.any(Number),
      Keys: { ind: { N: '1' } },
      SequenceNumber: expect.stringMatching(/^1\d{26}$/),
      SizeBytes: expect.any(Number),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
      ...members,
    },
  });
  expect(JSON.parse(JSON.stringify(await readAll(arn)))).toEqual([
    record('INSERT', { NewImage: image('a') }),
    record('MODIFY', { OldImage: image('a'), NewImage: image('b') }),
    record('REMOVE', { OldImage: image('b') }),
  ]);
});

test.each([
  ['KEYS_ONLY', []],
  ['NEW_IMAGE', ['NewImage']],
  ['OLD_IMAGE', ['OldImage']],
] as const)('the view %s shows %j', async (view, images) => {
  await put(1, 'a');
  const arn = await enable(view);
  await put(1, 'b');
  const [{ dynamodb: shown }] = (await readAll(arn)) as [StreamRecord];
  expect(Object.keys(shown).filter((name) => name.endsWith('Image'))).toEqual(images);
});

test('each item has its order in one of two shards, and each iterator its place', async () => {
  const arn = await enable();
  for (let i = 0; i < 60; i += 1) await put(i % 20, `v${i}`);
  const shards = await shardsOf(arn);
  expect(shards).toHaveLength(2);
  const seen = new Map<string, string[]>();
  for (const shard of shards) {
    const { records } = await read(await iterator(arn, shard));
    expect(records.length).toBeGreaterThan(0);
    const numbers = records.map((record) => record.dynamodb.SequenceNumber);
    expect(numbers).toEqual([...numbers].sort());
    for (const { dynamodb: change } of records) {
      const versions = seen.get(change.Keys.ind.N) ?? [];
      seen.set(change.Keys.ind.N, [...versions, (change['NewImage'] as { v: { S: string } }).v.S]);
    }
    const SequenceNumber = numbers[2]!;
    const at = await read(await iterator(arn, shard, { ShardIteratorType: 'AT_SEQUENCE_NUMBER', SequenceNumber }), 2);
    expect(at.records.map((record) => record.dynamodb.SequenceNumber)).toEqual(numbers.slice(2, 4));
    const after = await iterator(arn, shard, { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber });
    expect((await read(after)).records).toHaveLength(numbers.length - 3);
    expect((await read(at.next)).records).toHaveLength(numbers.length - 4);
    expect((await read(await iterator(arn, shard, { ShardIteratorType: 'LATEST' }))).records).toEqual([]);
  }
  expect(seen.size).toBe(20);
  for (const [ind, versions] of seen) expect(versions).toEqual([0, 20, 40].map((round) => `v${round + Number(ind)}`));
});

test('listeners hear of the stream of the table', async () => {
  const arn = await enable();
  let heard = 0;
  const silence = dynamodb.streams.onRecords(arn, () => {
    heard += 1;
  });
  await put(1, 'a');
  await put(1, 'a');
  expect(heard).toBe(1);
  silence();
  await put(1, 'b');
  expect(heard).toBe(1);
});

describe('a stream over time', () => {
  test('has one ARN over restarts, another after another view, none without one', async () => {
    const resource = (view?: string) =>
      dynamoDbGlobalTable(dynamodb).create({
        type: 'AWS::DynamoDB::GlobalTable',
        stack: 'speed',
        logicalId: 'Posts',
        path: 'speed/Posts',
        properties: { ...TABLE, ...(view && { StreamSpecification: { StreamViewType: view } }) },
        account: '000000000000',
        region: 'us-east-1',
        generatedName: () => 'generated',
      });
    const arn = (await resource('NEW_IMAGE')).attributes['StreamArn']!;
    expect(arn).toMatch(/^arn:aws:dynamodb:us-east-1:000000000000:table\/posts\/stream\/[\dT:.-]+$/);
    await put(1, 'a');
    await dynamodb.close();
    dynamodb = await open();
    expect((await resource('NEW_IMAGE')).attributes['StreamArn']).toBe(arn);
    await put(1, 'b');
    expect((await readAll(arn)).map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY']);
    expect(await dynamodb.call('ListStreams', { TableName: 'posts' })).toEqual({
      Streams: [{ StreamArn: arn, StreamLabel: arn.slice(arn.lastIndexOf('/') + 1), TableName: 'posts' }],
    });
    expect((await dynamodb.find('posts'))!.StreamSpecification).toEqual({
      StreamEnabled: true,
      StreamViewType: 'NEW_IMAGE',
    });
    await sleep(2);
    expect((await resource('KEYS_ONLY')).attributes['StreamArn']).not.toBe(arn);
    await expect(dynamodb.call('DescribeStream', { StreamArn: arn })).rejects.toThrow('not found');
    expect((await resource()).attributes).not.toHaveProperty('StreamArn');
  });

  test('forgets what is a day old, and never gives a number twice', async () => {
    const arn = await enable();
    await Promise.all(Array.from({ length: 1_500 }, (_, i) => put(i, 'a')));
    const before = await readAll(arn);
    expect(before).toHaveLength(1_500);
    await dynamodb.streams.trim(Date.now() + 23 * 3_600_000);
    expect(await readAll(arn)).toHaveLength(1_500);
    await dynamodb.streams.trim(Date.now() + 25 * 3_600_000);
    expect(await readAll(arn)).toEqual([]);
    await dynamodb.close();
    dynamodb = await open();
    await put(1, 'b');
    const [{ dynamodb: change }] = (await readAll(arn)) as [StreamRecord];
    for (const { dynamodb: old } of before) expect(change.SequenceNumber > old.SequenceNumber).toBe(true);
  });

  test('holds exactly what was written when the process was killed', async () => {
    await dynamodb.close();
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 2; round += 1) {
      const file = join(import.meta.dirname ?? __dirname, 'streams-process.ts');
      const child = spawn(process.execPath, [file, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => child.on('close', resolve));
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk;
        if (text.length > 20_000) child.kill('SIGKILL');
      });
      await ended;
      for (const line of text.split('\n').slice(0, -1)) {
        const [ind, v] = line.split(' ') as [string, string];
        acknowledged.set(ind, Math.max(acknowledged.get(ind) ?? 0, Number(v)));
      }
    }
    dynamodb = await open();
    const arn = await enable();
    const replayed = new Map<string, unknown>();
    for (const { dynamodb: change } of await readAll(arn)) {
      expect(change['OldImage']).toEqual(replayed.get(change.Keys.ind.N));
      replayed.set(change.Keys.ind.N, change['NewImage']);
    }
    const { Items } = await dynamodb.call('Scan', { TableName: 'posts' });
    const items = Items as { ind: { N: string }; v: { N: string } }[];
    expect(new Map(items.map((item) => [item.ind.N, item]))).toEqual(replayed);
    for (const { ind, v } of items) expect(Number(v.N)).toBeGreaterThanOrEqual(acknowledged.get(ind.N) ?? 0);
    expect(items).toHaveLength(50);
  }, 60_000);
});

test('IAM decides by stream', async () => {
  const arn = await enable();
  expect(dynamodb.access('DescribeStream', { StreamArn: arn })).toEqual([
    { action: 'dynamodb:DescribeStream', resource: arn },
  ]);
  const [shard] = await shardsOf(arn);
  expect(dynamodb.access('GetRecords', { ShardIterator: await iterator(arn, shard!) })).toEqual([
    { action: 'dynamodb:GetRecords', resource: arn },
  ]);
  expect(dynamodb.access('ListStreams', {})).toEqual([{ action: 'dynamodb:ListStreams', resource: '*' }]);
  expect(() => dynamodb.access('GetRecords', { ShardIterator: 'x' })).toThrow('not given out');
});
