import type { DynamoDBRecord } from 'aws-lambda';
import { padded } from '../../../model/counters/keys.ts';
import { notCounted, type Registry, unstamped } from '../../../model/counters/registry.ts';
import { forEachConcurrently } from '../../shared/concurrency.ts';
import { type Patience, withRetries } from '../../shared/retry.ts';
import { type Change, ChangeRecordError, changeOf } from './change.ts';
import type { Countable } from './countable.ts';
import { type CounterDeltas, fold } from './fold.ts';

/** Writes under way at the same time. */
const concurrency = 16;

/** What is added to a counter in one write. */
export interface Addition extends Omit<CounterDeltas, 'deltas'> {
  readonly shard: string;
  readonly amount: bigint;
  /** Sequence numbers of the first and the last delta in it. */
  readonly first: string;
  readonly last: string;
}

export interface AggregateStores {
  readonly counters: {
    /**
     * Adds unless some of it may be in the counter already.
     * @returns undefined once it is added, else the sequence number up to which the counter has the shard's deltas
     */
    add(addition: Addition, signal: AbortSignal): Promise<string | undefined>;
  };
  readonly registry: {
    /** As it is now. Made at the first use. */
    current(signal: AbortSignal): Promise<Registry>;
    markInexact(upTo: number, signal: AbortSignal): Promise<void>;
    /** Takes metrics out of it, which makes them incomplete. */
    drop(metricIds: readonly string[], signal: AbortSignal): Promise<void>;
  };
  readonly posts: {
    /** Stamps a post that is below the generation. */
    touch(ind: number, generation: number, signal: AbortSignal): Promise<void>;
  };
  readonly progress: {
    /**
     * Everything of the shard up to here is in the counters. Going back changes nothing.
     * @param createdAtMs of the latest change that answers show from now on; undefined: it stays
     */
    reached(shard: string, sequence: string, createdAtMs: number | undefined, signal: AbortSignal): Promise<void>;
  };
  readonly unreadable: {
    keep(shard: string, record: DynamoDBRecord, reason: string, signal: AbortSignal): Promise<void>;
  };
}

export interface AggregateOutcome {
  readonly records: number;
  readonly unreadable: number;
  readonly touched: number;
  /** Metrics that were taken out of the registry. */
  readonly dropped: readonly string[];
  /** Of single changes to single counters. */
  readonly deltas: number;
  readonly countersWritten: number;
  /** Writes that found some of their deltas in the counter. */
  readonly partlyFolded: number;
  /** Age of the oldest record, in milliseconds. */
  readonly ageMs: number | undefined;
}

/**
 * Adds the changes of a batch of one shard to the counters, each exactly once, however often and in however other
 * batches they come again: a counter remembers the last change of each shard that is in it. The registry is read after
 * the records, so it knows every generation that a post in them was stamped with, and every metric that is built in it:
 * one that is not among `metrics` misses these changes, and is dropped before they are called counted.
 * @throws GaveUpError, and what a store throws that no retry mends: the whole batch comes again
 */
export async function aggregateBatch(
  shard: string,
  records: readonly DynamoDBRecord[],
  metrics: readonly Countable[],
  stores: AggregateStores,
  patience: Patience,
): Promise<AggregateOutcome> {
  const signal = AbortSignal.timeout(Math.max(0, patience.deadline - patience.now()));
  const attempt = <T>(operation: () => Promise<T>) => withRetries(patience, operation);
  const registry = await attempt(() => stores.registry.current(signal));
  const { changes, unreadable } = readChanges(records);
  const dropped = notCounted(
    registry,
    metrics.map(({ id }) => id),
  );
  if (dropped.length > 0) await attempt(() => stores.registry.drop(dropped, signal));

  const counters = fold(shard, changes, registry, metrics);
  let [countersWritten, partlyFolded] = [0, 0];
  await forEachConcurrently(counters, concurrency, async ({ deltas, ...key }) => {
    let rest: CounterDeltas['deltas'] = deltas;
    while (rest.length > 0) {
      const addition = {
        ...key,
        shard,
        amount: rest.reduce((sum, { amount }) => sum + amount, 0n),
        first: rest[0]!.sequence,
        last: rest.at(-1)!.sequence,
      };
      const upTo = await attempt(() => stores.counters.add(addition, signal));
      countersWritten++;
      if (upTo === undefined) break;
      partlyFolded++;
      rest = rest.filter(({ sequence }) => sequence > upTo);
    }
  });

  for (const { record, reason } of unreadable) {
    await attempt(() => stores.unreadable.keep(shard, record, reason, signal));
    await attempt(() => stores.registry.markInexact(registry.newest, signal));
  }
  const below = postsBelow(registry.newest, changes);
  await forEachConcurrently(below, concurrency, (ind) =>
    attempt(() => stores.posts.touch(ind, registry.newest, signal)),
  );
  const last = records
    .map(sequenceIn)
    .filter((sequence) => sequence !== undefined)
    .at(-1);
  // What a touched post says may be counted with the touch only.
  const latest = below.length > 0 ? undefined : latestChange(records);
  if (last !== undefined) await attempt(() => stores.progress.reached(shard, last, latest, signal));
  return {
    records: records.length,
    unreadable: unreadable.length,
    touched: below.length,
    dropped,
    deltas: counters.reduce((sum, { deltas }) => sum + deltas.length, 0),
    countersWritten,
    partlyFolded,
    ageMs: changes[0] && Math.max(0, patience.now() - changes[0].createdAtMs),
  };
}

function readChanges(records: readonly DynamoDBRecord[]) {
  const changes: Change[] = [];
  const unreadable: { readonly record: DynamoDBRecord; readonly reason: string }[] = [];
  for (const record of records) {
    try {
      changes.push(changeOf(record));
    } catch (error) {
      if (!(error instanceof ChangeRecordError)) throw error;
      unreadable.push({ record, reason: error.message });
    }
  }
  return { changes, unreadable };
}

/** Posts whose last change in the batch left them below a generation, such as by a clean step that had not heard of it. */
function postsBelow(generation: number, changes: readonly Change[]): readonly number[] {
  const last = new Map<number, Change['after']>();
  for (const { before, after } of changes) {
    const post = after ?? before;
    if (post !== undefined) last.set(post.ind, after);
  }
  return [...last].flatMap(([ind, post]) => (post !== undefined && (post.gen ?? unstamped) < generation ? [ind] : []));
}

/** Epoch ms. */
function latestChange(records: readonly DynamoDBRecord[]): number | undefined {
  const times = records.flatMap(({ dynamodb }) => dynamodb?.ApproximateCreationDateTime ?? []);
  return times.length === 0 ? undefined : Math.max(...times) * 1000;
}

const sequenceIn = ({ dynamodb }: DynamoDBRecord): string | undefined =>
  dynamodb?.SequenceNumber === undefined ? undefined : padded(dynamodb.SequenceNumber);
