import { fateUnder } from '../../../model/accounting.ts';
import type { Part } from '../../../model/post.ts';
import { type LogRecord, type Row, rowsOf } from '../../../model/rows.ts';
import type { Cleaned } from '../../../model/rules/clean-row.ts';
import type { Feed, FeedName } from '../../../model/rules/rule.ts';
import { forEachConcurrently } from '../../shared/concurrency.ts';
import type { Quarantine, RefusedRow } from '../../shared/quarantine.ts';
import { GaveUpError, type Patience, withRetries } from '../../shared/retry.ts';
import type { Posts, Written } from './posts.ts';

/** Writes under way at the same time. */
const concurrency = 32;

export interface BatchStores {
  readonly posts: Posts;
  readonly quarantine: Quarantine;
}

export interface FeedRecord {
  readonly feed: Feed;
  readonly record: LogRecord;
}

export interface FeedRows {
  readonly feed: Feed;
  readonly rows: readonly Row[];
}

/** What was done for one feed. Rows whose write failed are in `rowsIn` only. */
export interface FeedOutcome {
  recordsIn: number;
  rowsIn: number;
  applied: number;
  /** Of the applied: writes that changed what was stored. */
  changed: number;
  duplicate: number;
  superseded: number;
  quarantined: number;
  fieldsIgnored: number;
  /** Milliseconds, one for each write that changed what was stored. */
  readonly arrivalToStored: number[];
}

export interface BatchOutcome {
  readonly feeds: ReadonlyMap<FeedName, FeedOutcome>;
  /** Index of the first record that has to come again, and why. */
  readonly failed?: { readonly index: number; readonly cause: GaveUpError };
}

/** The rows of one post and feed in a batch: only the greatest order key is written. */
interface PostRows {
  readonly feed: Feed;
  readonly ind: number;
  winner: CleanedRow;
  readonly losers: CleanedRow[];
  /** Of the earliest record: if the write fails, all of the post's rows come again. */
  readonly firstIndex: number;
}

/** Of the record with this index. */
interface Task {
  readonly index: number;
  operation(): Promise<void>;
}

type CleanedRow = Row & { readonly result: Cleaned };
type Refused = RefusedRow & { readonly index: number };

/**
 * Cleans a batch of records in log order and stores every row's outcome.
 * @throws what a store throws that no retry mends: the whole batch comes again.
 */
export async function cleanBatch(
  records: readonly FeedRecord[],
  stores: BatchStores,
  patience: Patience,
): Promise<BatchOutcome> {
  const batch = records.map(({ feed, record }) => ({ feed, rows: rowsOf(record, feed) }));
  return storeRows(batch, stores, patience);
}

/** Stores the outcome of rows that stood together in a record or an object. @throws as {@link cleanBatch} does */
export async function storeRows(
  groups: readonly FeedRows[],
  { posts, quarantine }: BatchStores,
  patience: Patience,
): Promise<BatchOutcome> {
  const batch = readBatch(groups);
  const signal = AbortSignal.timeout(Math.max(0, patience.deadline - patience.now()));
  let failed: BatchOutcome['failed'];
  const attempt = async ({ index, operation }: Task) => {
    try {
      await withRetries(patience, operation);
    } catch (error) {
      if (!(error instanceof GaveUpError)) throw error;
      if (failed === undefined || index < failed.index) failed = { index, cause: error };
    }
  };

  const writes = batch.posts.map((rows) => ({
    index: rows.firstIndex,
    operation: async () => {
      const part = partOf(rows.feed, rows.winner);
      const written = await posts.write(rows.feed.name, rows.ind, part, signal);
      countPost(batch.outcomes.get(rows.feed.name)!, rows, part, written, patience.now());
    },
  }));
  const puts = batch.refused.map((refused) => ({
    index: refused.index,
    operation: async () => {
      await quarantine.keep(refused, signal);
      batch.outcomes.get(refused.feed.name)!.quarantined++;
    },
  }));
  // In the order of the log, so that a batch that does not fit into the time is further on when it starts again.
  const tasks: readonly Task[] = [...writes, ...puts].sort((one, other) => one.index - other.index);
  await forEachConcurrently(tasks, concurrency, attempt);
  return { feeds: batch.outcomes, ...(failed && { failed }) };
}

function readBatch(groups: readonly FeedRows[]) {
  const outcomes = new Map<FeedName, FeedOutcome>();
  const posts = new Map<string, PostRows>();
  const refused: Refused[] = [];
  groups.forEach(({ feed, rows }, index) => {
    const outcome = outcomes.get(feed.name) ?? emptyOutcome();
    outcomes.set(feed.name, outcome);
    outcome.recordsIn++;
    for (const row of rows) {
      outcome.rowsIn++;
      if (isCleaned(row)) {
        outcome.fieldsIgnored += row.result.extra.length;
        coalesce(posts, feed, row, index);
      } else if (!row.result.ok) {
        const { rule, field, reason } = row.result;
        refused.push({ feed, row, refusal: { rule, field, reason }, index });
      }
    }
  });
  return { outcomes, posts: [...posts.values()], refused };
}

function coalesce(posts: Map<string, PostRows>, feed: Feed, row: CleanedRow, index: number): void {
  const { ind } = row.result;
  const key = `${feed.name}/${ind}`;
  const known = posts.get(key);
  if (known === undefined) {
    posts.set(key, { feed, ind, winner: row, losers: [], firstIndex: index });
  } else if (row.orderKey > known.winner.orderKey) {
    known.losers.push(known.winner);
    known.winner = row;
  } else {
    known.losers.push(row);
  }
}

function countPost(outcome: FeedOutcome, rows: PostRows, part: Part, written: Written, now: number): void {
  outcome[written === 'unchanged' ? 'applied' : written]++;
  if (written === 'applied') {
    outcome.changed++;
    outcome.arrivalToStored.push(Math.max(0, now - rows.winner.arrivalMs));
  }
  for (const loser of rows.losers) outcome[fateUnder(part, loser.orderKey, loser.result.fields)]++;
}

const partOf = (feed: Feed, { orderKey, result }: CleanedRow): Part => ({
  k: orderKey,
  rules: feed.rules,
  fields: result.fields,
});

const isCleaned = (row: Row): row is CleanedRow => row.result.ok;

const emptyOutcome = (): FeedOutcome => ({
  recordsIn: 0,
  rowsIn: 0,
  applied: 0,
  changed: 0,
  duplicate: 0,
  superseded: 0,
  quarantined: 0,
  fieldsIgnored: 0,
  arrivalToStored: [],
});
