import { contribution, expiresAt } from '../compile/contribution.ts';
import { partitionKey } from '../counters/keys.ts';
import { unstamped } from '../counters/registry.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Post } from '../post.ts';

/** A metric as it is counted: `id` is `<metric>.<hash of its definition>`. */
export interface Counted {
  readonly metric: Metric;
  readonly id: string;
  readonly generation: number;
}

/** Values by where their counters stand, whatever partitions they are spread over. Without zeros. */
export type CounterSums = ReadonlyMap<string, bigint>;

/** Counters that expire within this time are not compared: they may go between two looks. */
const expiryMarginSeconds = 600;

/** Adds up values under the keys that `isSampled` lets through; what posts or counters would make, whichever is given. */
export class CounterSum {
  readonly #sums = new Map<string, bigint>();
  readonly #now: number;
  readonly #isSampled: (key: string) => boolean;

  /** @param now epoch ms */
  constructor(now: number, isSampled: (key: string) => boolean = () => true) {
    this.#now = now;
    this.#isSampled = isSampled;
  }

  get sums(): CounterSums {
    return this.#sums;
  }

  /** What the post counts for. */
  addPost(post: Post, counted: readonly Counted[]): void {
    for (const { metric, id, generation } of counted) {
      if ((post.gen ?? unstamped) < generation) continue;
      for (const { counter, amount } of contribution(metric, post)) {
        const { group, member } = counter;
        this.#add(partitionKey(id, generation, group, 0), member, amount, expiresAt(metric, counter));
      }
    }
  }

  /** @param ttl epoch seconds */
  addCounter(pk: string, sk: string, value: bigint, ttl?: number): void {
    this.#add(pk, sk, value, ttl);
  }

  #add(pk: string, sk: string, value: bigint, ttl: number | undefined): void {
    if (ttl !== undefined && ttl < this.#now / 1_000 + expiryMarginSeconds) return;
    const key = `${pk.slice(0, pk.lastIndexOf('#'))}#${sk}`;
    if (!this.#isSampled(key)) return;
    const sum = (this.#sums.get(key) ?? 0n) + value;
    if (sum === 0n) this.#sums.delete(key);
    else this.#sums.set(key, sum);
  }
}

export interface CounterDrift {
  /** `<metric>.<hash>#<generation>#<group>#<member>` */
  readonly counter: string;
  readonly live: bigint;
  readonly recomputed: bigint;
}

export interface CounterComparison {
  readonly compared: number;
  /** Posts under them changed while they were read, so nothing can be said. */
  readonly moving: number;
  readonly drift: readonly CounterDrift[];
}

/**
 * Live counters beside what the posts add up to, by metric id.
 * @param before what the posts said before the counters were read; `after`: what they said then
 */
export function compareCounters(
  counted: readonly Counted[],
  { before, live, after }: Readonly<Record<'before' | 'live' | 'after', CounterSums>>,
): ReadonlyMap<string, CounterComparison> {
  const found = new Map(counted.map(({ id }) => [id, { compared: 0, moving: 0, drift: [] as CounterDrift[] }]));
  for (const key of new Set([...before.keys(), ...live.keys(), ...after.keys()])) {
    const comparison = found.get(key.slice(0, key.indexOf('#')));
    if (comparison === undefined) continue;
    const [was, is, value] = [before.get(key) ?? 0n, after.get(key) ?? 0n, live.get(key) ?? 0n];
    if (value !== is && was !== is) {
      comparison.moving++;
      continue;
    }
    comparison.compared++;
    if (value !== is) comparison.drift.push({ counter: key, live: value, recomputed: is });
  }
  return found;
}
