import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KinesisService } from '../../../local/services/kinesis/service.ts';

/** What is remembered of streams must not be seen. */
let directory: string;
let kinesis: KinesisService;

const open = () => KinesisService.open({ directory, account: '000000000000', region: 'us-east-1' });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  kinesis = await open();
});

afterEach(async () => {
  await kinesis.close();
  rmSync(directory, { recursive: true });
});

const put = async () =>
  (await kinesis.call('PutRecord', { StreamName: 'posts', PartitionKey: 'a', Data: 'e30=' }))['SequenceNumber'];
const gone = async () => {
  for (let tries = 0; tries < 100 && (await kinesis.find('posts')) !== undefined; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

test('sequence numbers rise, also over a restart', async () => {
  await kinesis.call('CreateStream', { StreamName: 'posts', ShardCount: 1 });
  const numbers = [await put(), ...(await Promise.all([put(), put(), put()]))];
  await kinesis.close();
  kinesis = await open();
  numbers.push(await put(), await put());
  expect(numbers.map(String)).toEqual([...new Set(numbers.map(String))].sort());
});

test('a deleted stream is gone, and one made again is another', async () => {
  await kinesis.call('CreateStream', { StreamName: 'posts', ShardCount: 1 });
  await put();
  await kinesis.call('DeleteStream', { StreamName: 'posts' });
  await gone();
  await expect(put()).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  await kinesis.call('CreateStream', { StreamName: 'posts', ShardCount: 3 });
  expect((await kinesis.find('posts'))!.Shards).toHaveLength(3);
  await put();
});
