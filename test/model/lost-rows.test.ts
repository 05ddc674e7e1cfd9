import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Fate, RowFate } from '../../model/accounting.ts';
import { type Consumption, handledIn, lostRows } from '../../model/lost-rows.ts';

const now = 1_700_000_000_000;
const minute = 60_000;

const row = (record: number, fate: Fate, shard = 'a', arrivalMs = now): RowFate => ({
  coordinate: { source: 'kinesis', topic: 's', partition: shard, offset: String(record), position: 0 },
  arrivalMs,
  fate,
});
const running: Consumption = {
  batchSize: 3,
  maxRecordAgeMs: 60 * minute,
  runningSince: now - 600 * minute,
  parents: new Map(),
  givenUpAt: new Map(),
};
const lost = (fates: readonly RowFate[], changes: Partial<Consumption> = {}, handled = handledIn(fates)) =>
  [...lostRows(fates, handled, { ...running, ...changes }, now)].map(({ coordinate }) => coordinate.offset);

test.each<[string, Fate]>([
  ['stored', 'applied'],
  ['in quarantine', 'quarantined'],
  ['in a batch that was given up', 'parked'],
])('a row is lost when one a whole batch later is %s', (_, fate) => {
  expect(lost([row(1, 'missing'), row(2, 'missing'), row(3, 'missing'), row(4, fate)])).toEqual(['1']);
});

test.each<[string, Fate]>([
  ['duplicate', 'duplicate'],
  ['superseded', 'superseded'],
  ['missing too', 'missing'],
])('a later row that is %s tells nothing', (_, fate) => {
  expect(lost([row(1, 'missing'), row(2, fate), row(3, fate), row(4, fate), row(5, fate)])).toEqual([]);
});

test('records are counted, not their rows, and each shard by itself', () => {
  const rows = [
    row(1, 'missing'),
    row(2, 'superseded'),
    row(2, 'superseded'),
    row(2, 'applied'),
    row(9, 'applied', 'b'),
  ];
  expect(lost(rows)).toEqual([]);
});

test('where batches of a shard run side by side, none tells of another', () => {
  expect(lost([row(1, 'missing'), row(5, 'applied'), row(6, 'applied')], { batchSize: Infinity })).toEqual([]);
});

test('a shard is done when one that came of it is consumed', () => {
  const parents = new Map([
    ['c', ['b']],
    ['b', ['a']],
  ]);
  expect(lost([row(1, 'missing', 'a'), row(2, 'missing', 'b'), row(3, 'missing', 'c')], { parents })).toEqual([]);
  expect(lost([row(1, 'missing', 'a'), row(2, 'missing', 'b'), row(3, 'applied', 'c')], { parents })).toEqual([
    '1',
    '2',
  ]);
});

test.each<[string, number, Partial<Consumption>, boolean]>([
  ['within the age that is tried', 59 * minute, {}, false],
  ['just beyond it', 61 * minute, {}, false],
  ['long beyond it', 66 * minute, {}, true],
  ['old, but there is no limit', 660 * minute, { maxRecordAgeMs: Infinity }, false],
  ['old, but nothing consumes', 660 * minute, { runningSince: undefined }, false],
  ['old, but the consumer has just begun', 660 * minute, { runningSince: now - minute }, false],
  ['old, but old batches are being given up', 660 * minute, { givenUpAt: new Map([['a', now - minute]]) }, false],
  ['old, and another shard gives up batches', 660 * minute, { givenUpAt: new Map([['b', now - minute]]) }, true],
])('a row on a quiet shard: %s', (_, age, changes, isLost) => {
  expect(lost([row(1, 'missing', 'a', now - age)], changes)).toEqual(isLost ? ['1'] : []);
});

test('what was handled since the state was read proves nothing', () => {
  const before = [row(1, 'missing'), row(2, 'missing'), row(3, 'missing'), row(4, 'missing')];
  const after = [row(1, 'missing'), row(2, 'missing'), row(3, 'missing'), row(4, 'applied')];
  expect(lost(after, {}, handledIn(before))).toEqual([]);
  expect(lost(after, {}, handledIn(after))).toEqual(['1']);
});

/** A consumer of one shard: whole batches done, one under way of which any rows are stored, the rest untouched. */
const consumed = fc
  .record({
    batches: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 8 }),
    under: fc.array(fc.boolean(), { maxLength: 5 }),
  })
  .chain(({ batches, under }) => {
    const done = batches.reduce((sum, size) => sum + size, 0);
    const ends = fc.constantFrom<Fate>('applied', 'duplicate', 'superseded', 'quarantined', 'parked');
    return fc.record({
      done: fc.array(ends, { minLength: done, maxLength: done }),
      under: fc.tuple(...under.map((stored) => (stored ? ends : fc.constant<Fate>('missing')))),
      untouched: fc.nat({ max: 8 }),
    });
  });

test('no row that is on its way is ever called lost', () => {
  fc.assert(
    fc.property(consumed, ({ done, under, untouched }) => {
      const fates = [...done, ...under, ...Array<Fate>(untouched).fill('missing')];
      expect(
        lost(
          fates.map((fate, record) => row(record, fate)),
          { batchSize: 5 },
        ),
      ).toEqual([]);
    }),
  );
});

test('no lost row stays hidden once the shard goes on for a batch', () => {
  fc.assert(
    fc.property(consumed, fc.nat(), ({ done }, at) => {
      const fates: Fate[] = [...done, ...Array<Fate>(6).fill('applied')];
      const dropped = at % (done.length + 1);
      fates[dropped] = 'missing';
      expect(
        lost(
          fates.map((fate, record) => row(record, fate)),
          { batchSize: 5 },
        ),
      ).toEqual([String(dropped)]);
    }),
  );
});
