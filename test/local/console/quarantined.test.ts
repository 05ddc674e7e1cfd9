import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from '@jest/globals';
import type { Clients } from '../../../cli/aws.ts';
import { NewestQuarantined } from '../../../cli/console/quarantined.ts';
import { quarantineKey, quarantinePrefix } from '../../../model/quarantine.ts';

/** Key -> when it was written, and what it holds. */
const stored = new Map<string, { readonly written: number; readonly text: string }>();
const read: string[] = [];
const s3 = Object.assign(Object.create(S3Client.prototype) as S3Client, {
  send: async (command: { readonly input: { readonly Key?: string; readonly Prefix?: string } }) => {
    const { Key = '', Prefix = '' } = command.input;
    if (command instanceof GetObjectCommand) {
      read.push(Key);
      return { Body: { transformToString: async () => stored.get(Key)!.text } };
    }
    const found = [...stored].filter(([key]) => key.startsWith(Prefix));
    return { Contents: found.map(([key, { written }]) => ({ Key: key, LastModified: new Date(written) })) };
  },
});

const start = Date.UTC(2026, 0, 1);
const coordinateOf = (at: number) =>
  ({ source: 'kinesis', topic: 'pins', partition: 'shardId-000000000000', offset: String(at), position: 0 }) as const;

function put(at: number, reason: string, written = at): void {
  const row = {
    coordinate: coordinateOf(at),
    feed: 'pin',
    arrival: new Date(start + at * 1_000).toISOString(),
    rule: 'count',
    field: null,
    reason,
    rulesVersion: 1,
    quarantinedAt: new Date(start).toISOString(),
    rawBase64: '',
  };
  const key = quarantineKey('speed', 'pin', start + at * 1_000, coordinateOf(at));
  stored.set(key, { written: start + written * 1_000, text: JSON.stringify(row) });
}

test('the newest are told, the last to arrive first; what was read is read again only when it is written anew', async () => {
  for (let at = 0; at < 50; at++) put(at, 'first');
  stored.set(`${quarantinePrefix('speed')}pin/dt=2026-01-01/none.json`, { written: start + 99_000, text: 'no row' });
  const newest = new NewestQuarantined({ s3 } as unknown as Clients);
  const told = async () => {
    const { rows, total } = await newest.rows('quarantine', 4);
    return [total, rows.map(({ arrival, reason, layer }) => `${arrival.slice(17, 19)} ${reason} ${layer}`)];
  };
  expect(await told()).toEqual([51, ['49 first speed', '48 first speed', '47 first speed']]);
  expect(read.splice(0)).toHaveLength(4);
  expect(await told()).toEqual([51, ['49 first speed', '48 first speed', '47 first speed']]);
  expect(read).toEqual([]);
  put(3, 'again', 200);
  expect(await told()).toEqual([51, ['49 first speed', '48 first speed', '03 again speed']]);
  expect(read).toHaveLength(1);
});
