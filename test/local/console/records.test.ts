import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BucketRecords } from '../../../local/console/bucket-records.ts';
import { recordReaders } from '../../../local/console/records.ts';
import type { Resource } from '../../../local/console/topology/resources.ts';
import type { MetricSink } from '../../../local/services/cloudwatch/types.ts';
import { KinesisService } from '../../../local/services/kinesis/service.ts';

describe('the newest objects of a bucket', () => {
  const start = Date.UTC(2026, 0, 1);
  /** Key -> when it was written. */
  const stored = new Map<string, number>();
  const asked: string[] = [];
  const s3 = {
    send: async (command: { readonly input: { readonly Key?: string } }) => {
      const { Key } = command.input;
      asked.push(Key ?? 'list');
      if (!(command instanceof HeadObjectCommand)) {
        return { Contents: [...stored].map(([Key, time]) => ({ Key, Size: 7, LastModified: new Date(time) })) };
      }
      const time = stored.get(Key!);
      if (time === undefined) throw Object.assign(new Error(), { name: 'NotFound' });
      return { ContentLength: 7, LastModified: new Date(time) };
    },
  } as unknown as S3Client;
  let records: BucketRecords;

  const told = (action: string, key: string, allowed = true) =>
    records.see({ time: Date.now(), service: 's3', role: '', action, resource: `arn:aws:s3:::raw/${key}`, allowed });
  const put = (key: string, second: number) => {
    told('s3:PutObject', key);
    stored.set(key, start + second * 1_000);
  };
  const newest = async () => (await records.newest('raw')).map(({ key }) => key);

  beforeEach(() => {
    stored.clear();
    asked.length = 0;
    records = new BucketRecords(s3, 3);
  });

  test('are listed once where the record of calls does not tell them, and then known from it', async () => {
    for (let at = 0; at < 50; at++) stored.set(`old/${at}`, start + at * 1_000);
    expect(await newest()).toEqual(['old/49', 'old/48', 'old/47']);
    put('new/1', 100);
    expect(await newest()).toEqual(['new/1', 'old/49', 'old/48']);
    expect(asked).toEqual(['list', 'new/1']);
  });

  test('are not listed where enough was written', async () => {
    for (let at = 0; at < 1_000; at++) put(`new/${at}`, at);
    expect(await newest()).toEqual(['new/999', 'new/998', 'new/997']);
    expect(asked).not.toContain('list');
    expect(asked.length).toBeLessThan(30);
  });

  test('are those that are there: a refused put, and one that fails, is none', async () => {
    told('s3:PutObject', 'refused', false);
    told('s3:PutObject', 'failed');
    put('there', 1);
    expect(await newest()).toEqual(['there']);
    expect(asked).not.toContain('refused');
  });

  test('go when they are deleted, and older ones come', async () => {
    for (let at = 0; at < 50; at++) stored.set(`old/${at}`, start + at * 1_000);
    await newest();
    for (const key of [...stored.keys()].slice(-20)) {
      told('s3:DeleteObject', key);
      stored.delete(key);
    }
    expect(await newest()).toEqual(['old/29', 'old/28', 'old/27']);
  });

  test('of an empty bucket are asked for once', async () => {
    expect(await newest()).toEqual([]);
    expect(await newest()).toEqual([]);
    expect(asked).toEqual(['list']);
  });
});

describe('the newest records of a stream', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinflow-records-'));
  const measured: string[] = [];
  const metrics: MetricSink = { put: ({ name }) => void measured.push(name) };
  let kinesis: KinesisService;

  beforeAll(async () => {
    kinesis = await KinesisService.open({ directory, account: '000000000000', region: 'us-east-1', metrics });
    await kinesis.call('CreateStream', { StreamName: 'pin', ShardCount: 2 });
  });

  afterAll(async () => {
    await kinesis.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('are those of all shards, however many there are, and looking at them is not measured as reading', async () => {
    const Records = Array.from({ length: 300 }, (_, at) => ({
      Data: Buffer.from(`row ${at}`).toString('base64'),
      PartitionKey: String(at),
    }));
    await kinesis.call('PutRecords', { StreamName: 'pin', Records });
    // In a later millisecond: records of one are in no order.
    await sleep(2);
    await kinesis.call('PutRecord', {
      StreamName: 'pin',
      Data: Buffer.from('last').toString('base64'),
      PartitionKey: 'k',
    });
    measured.length = 0;
    const readers = recordReaders({
      call: async () => ({}),
      calls: { onCall: () => {} },
      s3: {} as S3Client,
      kinesis,
      bootstrapServers: () => '',
    });
    const found = await readers['AWS::Kinesis::Stream']!({ ref: 'pin' } as Resource);
    expect(found).toHaveLength(10);
    expect(found[0]).toMatchObject({ key: 'k', value: 'last', place: { shard: expect.stringMatching(/^shardId-/) } });
    expect(found.every(({ value }) => value === 'last' || Number(value.slice(4)) > 250)).toBe(true);
    expect(measured).toEqual([]);
  });
});
