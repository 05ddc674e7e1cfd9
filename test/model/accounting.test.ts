import { expect, test } from '@jest/globals';
import { accountFor, type StoredState } from '../../model/accounting.ts';
import { formatCoordinate } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Part } from '../../model/post.ts';
import { type Row, rowsOf } from '../../model/rows.ts';

const rowAt = (offset: number, row: unknown): Row =>
  rowsOf(
    {
      source: 'kinesis',
      topic: 'streaming-demo-geo',
      partition: 'shardId-000000000000',
      offset: String(offset),
      arrivalMs: 1_000 + offset,
      bytes: Buffer.from(JSON.stringify(row)),
    },
    feeds.geo,
  )[0]!;

const albania = { ind: 1, country: 'Albania', latitude: 1, longitude: 2, timestamp: null };
const partOf = (row: Row): Part => ({ k: row.orderKey, rules: 1, fields: row.result.ok ? row.result.fields : {} });
const stateOf = (parts: Record<number, Part>, quarantined: readonly Row[] = []): StoredState => {
  const coordinates = new Set(quarantined.map(({ coordinate }) => formatCoordinate(coordinate)));
  return {
    part: (feed, ind) => (feed === 'geo' ? parts[ind] : undefined),
    isQuarantined: (coordinate) => coordinates.has(coordinate),
  };
};
const account = (rows: readonly Row[], state: StoredState) =>
  accountFor(
    rows.map((row) => ({ feed: 'geo', row }) as const),
    state,
  ).geo;

test('every row has one fate, each coordinate counts once', () => {
  const superseded = rowAt(1, { ...albania, country: 'Aruba' });
  const otherPlace = rowAt(2, { ...albania, longitude: 3 });
  const duplicate = rowAt(3, albania);
  const applied = rowAt(4, albania);
  const refused = rowAt(5, { name: 'Maya' });
  const lostRefused = rowAt(6, { name: 'Maya' });
  const lost = rowAt(7, { ...albania, ind: 2 });

  const rows = [superseded, otherPlace, duplicate, applied, applied, refused, lostRefused, lost];
  expect(account(rows, stateOf({ 1: partOf(applied) }, [refused]))).toEqual({
    rows: 7,
    applied: 1,
    duplicate: 1,
    superseded: 2,
    quarantined: 1,
    missing: 2,
    quarantinedBy: { shape: 1 },
    missingRows: [lostRefused.coordinate, lost.coordinate],
  });
});

test('a row above the stored part is missing', () => {
  const [stored, later] = [rowAt(1, albania), rowAt(2, albania)];
  expect(account([stored, later], stateOf({ 1: partOf(stored) }))).toMatchObject({ applied: 1, missing: 1 });
});

test('a quarantined row that today is accepted stays quarantined until it is stored', () => {
  const row = rowAt(1, albania);
  expect(account([row], stateOf({}, [row]))).toMatchObject({ quarantined: 1, quarantinedBy: { accepted: 1 } });
  expect(account([row], stateOf({ 1: partOf(row) }, [row]))).toMatchObject({ applied: 1, quarantined: 0 });
});
