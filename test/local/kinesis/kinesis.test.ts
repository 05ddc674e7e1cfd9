import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { kinesisStream } from '../../../local/resources/kinesis-stream.ts';
import type { ResourceRequest } from '../../../local/resources/resource.ts';
import { KinesisService } from '../../../local/services/kinesis/service.ts';

const ARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/s';
let directory: string;
let kinesis: KinesisService;

const open = () =>
  KinesisService.open({ directory: join(directory, 'kinesis'), account: '000000000000', region: 'us-east-1' });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  kinesis = await open();
});

afterEach(async () => {
  await kinesis.close();
  rmSync(directory, { recursive: true });
});

const data = (text: string) => Buffer.from(text).toString('base64');

async function read(shard: string, type: Record<string, unknown> = { ShardIteratorType: 'TRIM_HORIZON' }) {
  const { ShardIterator } = await kinesis.call('GetShardIterator', { StreamARN: ARN, ShardId: shard, ...type });
  const { Records } = await kinesis.call('GetRecords', { ShardIterator });
  return (Records as { Data: string }[]).map(({ Data }) => Buffer.from(Data, 'base64').toString());
}

const stream = (properties: Record<string, unknown>): ResourceRequest => ({
  type: 'AWS::Kinesis::Stream',
  stack: 'ingest',
  logicalId: 'Pin',
  path: 'ingest/Pin',
  properties,
  account: '000000000000',
  region: 'us-east-1',
  generatedName: () => 'generated',
});

test('a stream that was deleted is gone, and its name is free', async () => {
  await kinesis.call('CreateStream', { StreamName: 's', ShardCount: 1 });
  await kinesis.call('DeleteStream', { StreamARN: ARN });
  expect(await kinesis.find('s')).toBeUndefined();
  await kinesis.call('CreateStream', { StreamName: 's', ShardCount: 2 });
  expect((await kinesis.find('s'))?.Shards).toHaveLength(2);
});

test('records survive a restart, by name and by ARN', async () => {
  await kinesis.call('CreateStream', { StreamName: 's', ShardCount: 1 });
  const put = await kinesis.call('PutRecord', { StreamARN: ARN, PartitionKey: 'a', Data: data('one') });
  expect(put).toEqual({ ShardId: 'shardId-000000000000', SequenceNumber: expect.stringMatching(/^\d{56}$/) });
  await kinesis.call('PutRecords', { StreamName: 's', Records: [{ PartitionKey: 'a', Data: data('two') }] });
  await kinesis.close();
  kinesis = await open();
  expect(await read('shardId-000000000000')).toEqual(['one', 'two']);
});

test('an on-demand stream has four shards and says so', async () => {
  await kinesis.call('CreateStream', { StreamName: 's', StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
  const { StreamDescriptionSummary } = await kinesis.call('DescribeStreamSummary', { StreamName: 's' });
  expect(StreamDescriptionSummary).toMatchObject({
    OpenShardCount: 4,
    StreamModeDetails: { StreamMode: 'ON_DEMAND' },
    StreamStatus: 'ACTIVE',
    StreamARN: ARN,
  });
});

test('a listener hears of puts until it leaves', async () => {
  await kinesis.call('CreateStream', { StreamName: 's', ShardCount: 1 });
  let heard = 0;
  const leave = kinesis.onPut('s', () => {
    heard += 1;
  });
  const put = () => kinesis.call('PutRecord', { StreamName: 's', PartitionKey: 'a', Data: data('x') });
  await put();
  leave();
  await put();
  expect(heard).toBe(1);
});

test('an iterator at a time starts with the first record that is as young, or with the next to come', async () => {
  await kinesis.call('CreateStream', { StreamName: 's', ShardCount: 1 });
  const shard = 'shardId-000000000000';
  const before = Date.now() / 1000;
  expect(await read(shard, { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: before })).toEqual([]);
  await kinesis.call('PutRecord', { StreamName: 's', PartitionKey: 'a', Data: data('x') });
  expect(await read(shard, { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: before })).toEqual(['x']);
});

test('ListShards pages', async () => {
  await kinesis.call('CreateStream', { StreamName: 's', ShardCount: 3 });
  const first = await kinesis.call('ListShards', { StreamARN: ARN, MaxResults: 2 });
  expect(first['Shards']).toHaveLength(2);
  expect(kinesis.access('ListShards', { NextToken: first['NextToken'] })).toEqual([
    { action: 'kinesis:ListShards', resource: ARN },
  ]);
  const second = await kinesis.call('ListShards', { NextToken: first['NextToken'] });
  expect(second).toEqual({ Shards: [expect.objectContaining({ ShardId: 'shardId-000000000002' })] });
});

test('IAM decides about the stream, also where only an iterator names it', async () => {
  await kinesis.call('CreateStream', { StreamName: 's', ShardCount: 1 });
  const { ShardIterator } = await kinesis.call('GetShardIterator', {
    StreamName: 's',
    ShardId: 'shardId-000000000000',
    ShardIteratorType: 'LATEST',
  });
  expect(kinesis.access('GetRecords', { ShardIterator })).toEqual([{ action: 'kinesis:GetRecords', resource: ARN }]);
  expect(kinesis.access('PutRecord', { StreamARN: ARN })).toEqual([{ action: 'kinesis:PutRecord', resource: ARN }]);
  expect(kinesis.access('ListStreams', {})).toEqual([{ action: 'kinesis:ListStreams', resource: '*' }]);
});

test('what the engine does not do is refused by name', async () => {
  await expect(async () => kinesis.access('RegisterStreamConsumer', {})).rejects.toThrow('RegisterStreamConsumer');
  await expect(kinesis.call('ListShards', { StreamName: 's', ShardFilter: { Type: 'AT_LATEST' } })).rejects.toThrow(
    'ListShards.ShardFilter',
  );
  await expect(kinesis.call('DescribeStream', { StreamName: 'none' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
    message: 'Stream none under account 000000000000 not found.',
  });
});

test('the resource creates once, follows the retention and refuses another shard count', async () => {
  const type = kinesisStream(kinesis);
  const properties = { Name: 's', ShardCount: 2, RetentionPeriodHours: 48 };
  const created = { ref: 's', attributes: { Arn: ARN } };
  expect(await type.create(stream(properties))).toEqual(created);
  expect(await type.create(stream({ ...properties, RetentionPeriodHours: 24 }))).toEqual(created);
  expect((await kinesis.find('s'))?.RetentionPeriodHours).toBe(24);
  await expect(type.create(stream({ ...properties, ShardCount: 3 }))).rejects.toThrow(
    'ingest/Pin: the stream s has 2 shards and its template now says 3.',
  );
});
