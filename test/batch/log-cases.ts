import fc from 'fast-check';
import { accountFor } from '../../model/accounting.ts';
import { formatCoordinate, formatRecord } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Part } from '../../model/post.ts';
import { quarantineKey } from '../../model/quarantine.ts';
import { rawLine } from '../../model/raw-line.ts';
import { type LogRecord, rowsOf } from '../../model/rows.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import { logs } from '../model/logs.ts';

/** A log as raw holds it, and what the speed layer's code makes of it, for the job to make the same of. */
export interface LogCase {
  readonly feed: FeedName;
  /** Lines by object: in any order, and some in two of them. */
  readonly objects: readonly (readonly string[])[];
  readonly counts: Readonly<
    Record<'records' | 'rows_in' | 'applied' | 'duplicate' | 'superseded' | 'quarantined', number>
  >;
  /** In the order of `ind`. */
  readonly silver: readonly { readonly ind: number; readonly orderKey: string; readonly fields: readonly unknown[] }[];
  /** Keys of objects, sorted. */
  readonly quarantined: readonly string[];
}

/** For each feed, `count` logs one after the other. */
export const logCases = (count: number): readonly LogCase[] =>
  feedNames.map((feed) => logCase(feed, joined(fc.sample(logs(feed), { numRuns: count, seed: 7 }))));

/** Offsets go on from log to log. */
const joined = (all: readonly (readonly LogRecord[])[]): readonly LogRecord[] =>
  all.flatMap((records, at) =>
    records.map((record) => ({ ...record, offset: String(Number(record.offset) + at * 100) })),
  );

function logCase(feed: FeedName, log: readonly LogRecord[]): LogCase {
  const rows = log.flatMap((record) => rowsOf(record, feeds[feed]).map((row) => ({ feed, row })));
  const newest = new Map<number, Part>();
  for (const { row } of rows) {
    if (!row.result.ok || (newest.get(row.result.ind)?.k ?? '') >= row.orderKey) continue;
    newest.set(row.result.ind, { k: row.orderKey, rules: feeds[feed].rules, fields: row.result.fields });
  }
  const refused = rows.filter(({ row }) => !row.result.ok).map(({ row }) => row);
  const isRefused = new Set(refused.map(({ coordinate }) => formatCoordinate(coordinate)));
  const { applied, duplicate, superseded, quarantined } = accountFor(rows, {
    part: (_, ind) => newest.get(ind),
    isQuarantined: (coordinate) => isRefused.has(formatCoordinate(coordinate)),
    isParked: () => false,
  })[feed];
  return {
    feed,
    objects: objectsOf(log),
    counts: {
      records: new Set(log.map(formatRecord)).size,
      rows_in: rows.length,
      applied,
      duplicate,
      superseded,
      quarantined,
    },
    silver: [...newest]
      .sort(([one], [other]) => one - other)
      .map(([ind, { k, fields }]) => ({ ind, orderKey: k, fields: Object.values(fields) })),
    quarantined: refused.map(({ arrivalMs, coordinate }) => quarantineKey('batch', feed, arrivalMs, coordinate)).sort(),
  };
}

/** Of seven lines each, the first of which end the object before as well. */
function objectsOf(log: readonly LogRecord[]): readonly (readonly string[])[] {
  const lines = log.map(({ bytes, ...place }) => rawLine({ ...place, key: null, value: bytes }));
  const starts = Array.from({ length: Math.ceil(lines.length / 7) }, (_, at) => at * 7);
  return starts.map((start) => lines.slice(start, start + 9)).reverse();
}
