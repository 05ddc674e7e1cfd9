import { expect, test } from '@jest/globals';
import { batchAccount } from '../../model/batch-accounting.ts';
import { formatCoordinate } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import { type Row, rowsOf } from '../../model/rows.ts';

const arrival = 1_700_000_000_000;
const rowAt = (offset: number, source: 'kafka' | 'kinesis', data: unknown): Row =>
  rowsOf(
    {
      source,
      topic: source === 'kafka' ? 'demo.user' : 'streaming-demo-user',
      partition: '0',
      offset: String(offset),
      arrivalMs: arrival + offset,
      bytes: Buffer.from(JSON.stringify(data)),
    },
    feeds.user,
  )[0]!;
const user = (age: unknown, ind = 1) => ({
  ind,
  first_name: 'Ada',
  last_name: 'Byron',
  age,
  date_joined: '2016-01-01 00:00:00',
});

test('rows of both doors are judged by the order keys of silver, quarantine and the watermark', () => {
  const superseded = rowAt(1, 'kinesis', user(30));
  const duplicate = rowAt(2, 'kinesis', user(31));
  const applied = rowAt(3, 'kafka', user(31));
  const refused = rowAt(4, 'kafka', user('young'));
  // Arrived at the very watermark, which runs read.
  const late = rowAt(9, 'kafka', user(32, 2));
  const waiting = rowAt(10, 'kinesis', user(33, 3));
  const rows = [superseded, duplicate, applied, refused, late, waiting].map((row) => ({ feed: 'user' as const, row }));
  const silver = { pin: new Map(), geo: new Map(), user: new Map([[1, applied.orderKey]]) };
  const quarantined = new Set([formatCoordinate(refused.coordinate)]);

  const account = batchAccount([...rows, rows[0]!], { silver, quarantined, watermark: arrival + 9 }).user;
  expect(account.fates.map(({ fate }) => fate)).toEqual([
    'superseded',
    'duplicate',
    'applied',
    'quarantined',
    'missing',
    'missing',
  ]);
  expect(account).toMatchObject({ rows: 6, missing: 2, waiting: 1 });
});

test('before the first run every row waits', () => {
  const rows = [{ feed: 'user' as const, row: rowAt(1, 'kafka', user(30)) }];
  const silver = { pin: new Map(), geo: new Map(), user: new Map() };
  const account = batchAccount(rows, { silver, quarantined: new Set(), watermark: undefined });
  expect(account.user).toMatchObject({ rows: 1, missing: 1, waiting: 1 });
});
