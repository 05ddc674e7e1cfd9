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
const stateOf = (
  parts: Record<number, Part>,
  quarantined: readonly Row[] = [],
  parked: readonly Row[] = [],
): StoredState => {
  const coordinates = (rows: readonly Row[]) => new Set(rows.map(({ coordinate }) => formatCoordinate(coordinate)));
  const [refused, given] = [coordinates(quarantined), coordinates(parked)];
  return {
    part: (feed, ind) => (feed === 'geo' ? parts[ind] : undefined),
    isQuarantined: (coordinate) => refused.has(formatCoordinate(coordinate)),
    isParked: (record) => given.has(formatCoordinate({ ...record, position: 0 })),
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

  const parked = rowAt(8, { ...albania, ind: 3 });
  const rows = [superseded, otherPlace, duplicate, applied, applied, refused, lostRefused, lost, parked];
  const found = account(rows, stateOf({ 1: partOf(applied) }, [refused], [parked, applied]));
  expect(found).toMatchObject({
    rows: 8,
    applied: 1,
    duplicate: 1,
    superseded: 2,
    quarantined: 1,
    parked: 1,
    missing: 2,
    quarantinedBy: { shape: 1 },
  });
  expect(found.missingRows).toEqual([lostRefused.coordinate, lost.coordinate]);
  expect(found.fates.at(-1)).toEqual({ coordinate: parked.coordinate, arrivalMs: parked.arrivalMs, fate: 'parked' });
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
