import fc from 'fast-check';
import { exampleRows } from '../../model/compile/wire-schemas.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { LogRecord } from '../../model/rows.ts';
import type { FeedName } from '../../model/rules/rule.ts';

/** Epoch ms: when the records of a log begin to arrive. All of them do on its date. */
export const logStart = Date.parse('2026-01-02T00:00:00Z');
export const logMs = 40;

const columns: Readonly<Record<FeedName, readonly (readonly [column: string, values: readonly unknown[]])[]>> = {
  pin: [
    ['title', ['A', 'B', 'No Title Data Available', null, '', 7]],
    ['follower_count', ['1k', 1000, '1.5', '12\u00a0k', null]],
  ],
  geo: [
    ['country', ['A', 'B', null, '']],
    ['latitude', [1, '1.0', 1e-101, 0, -0, 91]],
  ],
  user: [
    ['age', [20, '20', ' 20 ', 21, 'young', null]],
    ['last_name', ['Li', null, ' ']],
  ],
};

/**
 * Records of both doors, those of each partition in its order: few posts, few contents, few moments, so that rows tie,
 * repeat and overtake one another; rows that a rule refuses, several in one record, and records that hold none.
 */
export function logs(feed: FeedName): fc.Arbitrary<readonly LogRecord[]> {
  const row = fc
    .record(Object.fromEntries(columns[feed].map(([column, values]) => [column, fc.constantFrom(...values)])))
    .chain((odd) =>
      fc.integer({ min: -1, max: 5 }).map((ind) => ({ ...exampleRows[feed], [feeds[feed].key]: ind, ...odd })),
    );
  const text = fc.oneof(
    { weight: 8, arbitrary: row.map((each) => JSON.stringify(each)) },
    { weight: 2, arbitrary: fc.array(row, { minLength: 1, maxLength: 3 }).map((rows) => JSON.stringify(rows)) },
    { weight: 1, arbitrary: row.map((each) => JSON.stringify(JSON.stringify(each))) },
    { weight: 1, arbitrary: row.map((each) => Buffer.from(JSON.stringify(each)).toString('base64')) },
    { weight: 1, arbitrary: fc.constantFrom('', '[]', 'null', 'hello', '{"name":"Maya"}', '[1,{}]') },
  );
  const record = fc.record({
    door: fc.constantFrom('kafka' as const, 'kinesis' as const),
    partition: fc.integer({ min: 0, max: 1 }),
    after: fc.constantFrom(0, 0, 0, 1, 2),
    text,
  });
  return fc.array(record, { minLength: 1, maxLength: 30 }).map((records) => {
    const ends = new Map<string, { offset: number; arrivalMs: number }>();
    return records.map(({ door, partition, after, text }) => {
      const place = placeOf(door, feed, partition);
      const { offset, arrivalMs } = ends.get(`${door}${partition}`) ?? { offset: 8, arrivalMs: logStart };
      const next = { offset: offset + 1, arrivalMs: Math.min(arrivalMs + after, logStart + logMs) };
      ends.set(`${door}${partition}`, next);
      return { ...place, offset: String(next.offset), arrivalMs: next.arrivalMs, bytes: Buffer.from(text) };
    });
  });
}

const placeOf = (source: LogRecord['source'], feed: FeedName, partition: number) =>
  source === 'kafka'
    ? { source, topic: `demo.${feed}`, partition: String(partition) }
    : { source, topic: `streaming-demo-${feed}`, partition: `shardId-00000000000${partition}` };
