import { partitionKey, spreadOf } from '../../../model/counters/keys.ts';
import { generationsOf, type Registry, unstamped } from '../../../model/counters/registry.ts';
import type { Post } from '../../../model/post.ts';
import type { Change } from './change.ts';
import type { Countable } from './countable.ts';

/** What a batch adds to a counter: one delta for each change that touches it, in the order of the stream. */
export interface CounterDeltas {
  readonly pk: string;
  readonly sk: string;
  /** Epoch seconds, of a counter that expires. */
  readonly expiresAt: number | undefined;
  readonly deltas: Delta[];
}

export interface Delta {
  readonly sequence: string;
  readonly amount: bigint;
}

/** @returns one entry for each counter that a change touches, also where its deltas add up to zero */
export function fold(
  shard: string,
  changes: readonly Change[],
  registry: Registry,
  metrics: readonly Countable[],
): readonly CounterDeltas[] {
  const spread = spreadOf(shard);
  const counters = new Map<string, CounterDeltas>();
  for (const metric of metrics) {
    for (const generation of generationsOf(registry, metric.id)) {
      for (const { sequence, createdAtMs, before, after } of changes) {
        for (const { counter, amount } of metric.delta(within(before, generation), within(after, generation))) {
          const expiresAt = metric.expiresAt(counter);
          // Nobody reads a counter that expired before the change was made.
          if (expiresAt !== undefined && expiresAt * 1000 <= createdAtMs) continue;
          const pk = partitionKey(metric.id, generation, counter.group, spread);
          const sk = counter.member;
          const known = counters.get(`${pk}\n${sk}`) ?? { pk, sk, expiresAt, deltas: [] };
          counters.set(`${pk}\n${sk}`, known);
          known.deltas.push({ sequence, amount });
        }
      }
    }
  }
  return [...counters.values()];
}

const within = (post: Post | undefined, generation: number): Post | undefined =>
  post !== undefined && (post.gen ?? unstamped) >= generation ? post : undefined;
