import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { KinesisService } from '../../../local/services/kinesis/service.ts';

const SHARD = 'shardId-000000000000';
const EXCEEDED = {
  code: 'ProvisionedThroughputExceededException',
  status: 400,
  message: `Rate exceeded for shard ${SHARD} in stream s under account 000000000000.`,
};
let directory: string;
let kinesis: KinesisService;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  kinesis = await KinesisService.open({ directory, account: '000000000000', region: 'us-east-1' });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await kinesis.close();
  rmSync(directory, { recursive: true });
});

const record = (bytes: number, PartitionKey = 'a') => ({ PartitionKey, Data: Buffer.alloc(bytes).toString('base64') });
const records = (count: number, bytes = 1, key = 'a') => Array.from({ length: count }, () => record(bytes, key));
const create = (input: object) => kinesis.call('CreateStream', { StreamName: 's', ...input });
const putAll = (Records: object[]) => kinesis.call('PutRecords', { StreamName: 's', Records });
const putOne = (input: object) => kinesis.call('PutRecord', { StreamName: 's', ...input });

/** Nothing is made up for from now on, however long calls take on this machine. */
function stopClock(): void {
  const now = performance.now();
  jest.spyOn(performance, 'now').mockReturnValue(now);
}

async function iterator(): Promise<unknown> {
  const at = { StreamName: 's', ShardId: SHARD, ShardIteratorType: 'TRIM_HORIZON' };
  return (await kinesis.call('GetShardIterator', at))['ShardIterator'];
}

test('a shard takes 1,000 records a second; what is beyond is told record by record, the rest is stored', async () => {
  await create({ ShardCount: 1 });
  stopClock();
  const answers = await Promise.all([1, 2, 3, 4].map(() => putAll(records(500))));
  const failed = answers.reduce((sum, { FailedRecordCount }) => sum + Number(FailedRecordCount), 0);
  const told = answers.flatMap(({ Records }) => Records as { ErrorCode?: string }[]);
  expect(failed).toBe(1_000);
  expect(told).toHaveLength(2_000);
  expect(told[0]).toEqual({ ShardId: SHARD, SequenceNumber: expect.any(String) });
  const refused = told.filter(({ ErrorCode }) => ErrorCode !== undefined);
  expect(refused).toHaveLength(failed);
  expect(refused[0]).toEqual({ ErrorCode: EXCEEDED.code, ErrorMessage: EXCEEDED.message });
  const page = await kinesis.read({ ShardIterator: await iterator() });
  expect(page['Records']).toHaveLength(2_000 - failed);
});

test('a shard takes 1 MiB a second, and its neighbour is not asked', async () => {
  await create({ ShardCount: 2 });
  stopClock();
  // The hash of "a" lies in the lower half, that of "c" in the upper one.
  const first = await putOne(record(1_000_000, 'a'));
  expect(first['ShardId']).toBe(SHARD);
  await expect(putOne(record(500_000, 'a'))).rejects.toMatchObject(EXCEEDED);
  expect(
    (await putOne({ ...record(500_000), ExplicitHashKey: '300000000000000000000000000000000000000' }))['ShardId'],
  ).toBe('shardId-000000000001');
});

test('the shards of an on-demand stream take together what one key needs', async () => {
  await create({ StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
  for (let i = 0; i < 3; i += 1) expect((await putAll(records(500)))['FailedRecordCount']).toBe(0);
});

test('readers of a shard share five calls a second; the readers of this process do not count', async () => {
  await create({ ShardCount: 1 });
  const ShardIterator = await iterator();
  stopClock();
  for (let i = 0; i < 20; i += 1) await kinesis.read({ ShardIterator });
  for (let i = 0; i < 5; i += 1) await kinesis.call('GetRecords', { ShardIterator });
  await expect(kinesis.call('GetRecords', { ShardIterator })).rejects.toMatchObject(EXCEEDED);
});

test('a page holds 10 MiB and says how far behind it is; then the shard rests', async () => {
  await create({ StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
  const big = { ...record(1_000_000), ExplicitHashKey: '0' };
  for (let i = 0; i < 3; i += 1) {
    await putAll([big, big, big, big]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  stopClock();
  const page = await kinesis.call('GetRecords', { ShardIterator: await iterator() });
  expect(page['Records']).toHaveLength(10);
  expect(page['MillisBehindLatest']).toBeGreaterThan(0);
  await expect(kinesis.call('GetRecords', { ShardIterator: page['NextShardIterator'] })).rejects.toMatchObject(
    EXCEEDED,
  );
  const rest = await kinesis.read({ ShardIterator: page['NextShardIterator'] });
  expect(rest['Records']).toHaveLength(2);
  expect(rest['MillisBehindLatest']).toBe(0);
});

test('a page that its limit ends says that there is more', async () => {
  await create({ ShardCount: 1 });
  await putAll(records(3));
  const page = await kinesis.call('GetRecords', { ShardIterator: await iterator(), Limit: 2 });
  expect(page['MillisBehindLatest']).toBeGreaterThan(0);
  const last = await kinesis.call('GetRecords', { ShardIterator: page['NextShardIterator'], Limit: 1 });
  expect(last).toMatchObject({ MillisBehindLatest: 0, Records: [{ PartitionKey: 'a' }] });
});
