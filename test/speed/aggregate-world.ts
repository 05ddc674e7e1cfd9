import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import type { Patience } from '../../lambda/shared/retry.ts';
import { type AggregateStores, aggregateBatch } from '../../lambda/speed/aggregate/aggregate-batch.ts';
import { changeOf } from '../../lambda/speed/aggregate/change.ts';
import type { Countable } from '../../lambda/speed/aggregate/countable.ts';
import { fold } from '../../lambda/speed/aggregate/fold.ts';
import {
  counterOf,
  foldedAttribute,
  foldedUpTo,
  partitionKey,
  sequenceOf,
  spreads,
} from '../../model/counters/keys.ts';
import {
  completeRegistry,
  emptyRegistry,
  type Registry,
  unregistered,
  unstamped,
} from '../../model/counters/registry.ts';
import type { Part, Post } from '../../model/post.ts';
import type { FeedName } from '../../model/rules/rule.ts';

/** An invocation ended in the middle, as by a kill. */
class CrashError extends Error {
  override readonly name = 'CrashError';
}

/** A fault that passes. */
class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

interface StoredCounter {
  value: bigint;
  readonly folded: Map<string, string>;
}

export interface Faults {
  /** 0 to 1: of an invocation's end at an await, before or after the store did what it was asked. */
  readonly crash: number;
  /** 0 to 1: of a throttled request, or of a lost answer to one that was done. */
  readonly passing: number;
}

const startMs = Date.UTC(2026, 0, 1);

/** Records that come again at most. */
export const mostBack = 4;

/**
 * Posts, their change stream and their counters, with DynamoDB's conditional writes, in memory. Requests take turns in
 * a random order, and fail at random.
 */
export class World {
  readonly posts = new Map<number, Post>();
  /** In the order in which they were made: as many as there are at a time, then those that took the place of others. */
  readonly shards: DynamoDBRecord[][];
  readonly counters = new Map<string, StoredCounter>();
  readonly progress = new Map<string, string>();
  readonly unreadable = new Set<string>();
  registry: Registry | undefined;
  /** Epoch seconds. No generation begins twice in one. */
  #now = startMs / 1000;
  /** Of each shard: how many records are done with. */
  readonly #checkpoints: number[];
  /** Of each shard: how many there were when a batch was last given up, and epoch seconds at which it was. */
  readonly #givenUp: { readonly upTo: number; readonly at: number }[];
  #givenUpAt: number | undefined;
  /** For each shard that there was at first: it and what took its place, one after the other. */
  readonly #lines: number[][];
  readonly #metrics: readonly Countable[];
  readonly #random: () => number;
  #sequence = 0;

  constructor(metrics: readonly Countable[], shards: number, random: () => number) {
    this.#metrics = metrics;
    this.#random = random;
    this.shards = Array.from({ length: shards }, () => []);
    this.#checkpoints = this.shards.map(() => 0);
    this.#givenUp = this.shards.map(() => ({ upTo: 0, at: 0 }));
    this.#lines = this.shards.map((_, shard) => [shard]);
  }

  /** As the clean step does: the greater order key wins, and a stamp is never lowered. */
  write(ind: number, feed: FeedName, part: Part, generation: number): void {
    const old = this.posts.get(ind);
    if (old?.[feed] !== undefined && old[feed].k >= part.k) return;
    this.#change(ind, { ...old, ind, [feed]: part, gen: Math.max(old?.gen ?? unstamped, generation) });
  }

  delete(ind: number): void {
    if (this.posts.has(ind)) this.#change(ind, undefined);
  }

  touch(ind: number, generation: number): void {
    const old = this.posts.get(ind);
    if (old !== undefined && (old.gen ?? unstamped) < generation) this.#change(ind, { ...old, gen: generation });
  }

  /** Epoch ms, later than at the last look. */
  get now(): number {
    this.#now++;
    return this.#now * 1000;
  }

  /** The counters table is deleted and made again, between two batches. */
  lose(): void {
    this.counters.clear();
    this.progress.clear();
    this.registry = undefined;
  }

  /** A shard is closed: what is written from now on is told by another, which is read after it. */
  split(line: number): void {
    this.#lines[line]!.push(this.shards.length);
    this.shards.push([]);
    this.#checkpoints.push(0);
    this.#givenUp.push({ upTo: 0, at: 0 });
  }

  /** An event source mapping lets go of a batch. */
  giveUp(line: number, size: number): void {
    const shard = this.#reading(line);
    const upTo = Math.min(this.#checkpoints[shard]! + size, this.shards[shard]!.length);
    if (upTo === this.#checkpoints[shard]) return;
    const at = this.now / 1000;
    this.#checkpoints[shard] = upTo;
    this.#givenUp[shard] = { upTo, at };
    this.#givenUpAt = at;
  }

  /** Whether a batch of the shard was given up in this generation or after it. */
  givenUpSince(shard: number, generation: number): boolean {
    return this.#givenUp[shard]!.at >= generation;
  }

  get hasGivenUp(): boolean {
    return this.#givenUpAt !== undefined;
  }

  /** As the observer does, and a rebuild before it ends. */
  observe(): void {
    if (this.registry === undefined || this.#givenUpAt === undefined) return;
    this.registry = { ...this.registry, inexactUpTo: Math.max(this.registry.inexactUpTo, this.#givenUpAt) };
  }

  /** A record that nobody can read. */
  poison(line: number): void {
    this.shards[this.#lines[line]!.at(-1)!]!.push({
      eventName: 'MODIFY',
      dynamodb: { SequenceNumber: this.#next(), NewImage: { ind: { S: '?' } } },
    });
  }

  /**
   * An event source mapping's batch: from the checkpoint or before it, to wherever. Succeeds or is left for later.
   * @param back how many records that are done with come again, at the greatest of a shard that was closed before
   * @param metrics of the function's version @default - all
   */
  async deliver(
    line: number,
    back: number,
    size: number,
    faults: Faults,
    metrics: readonly Countable[] = this.#metrics,
  ): Promise<void> {
    const shards = this.#lines[line]!;
    const reading = this.#reading(line);
    const shard = (back >= mostBack ? shards[shards.indexOf(reading) - 1] : undefined) ?? reading;
    const begin = Math.max(0, this.#checkpoints[shard]! - back);
    const records = this.shards[shard]!.slice(begin, begin + size);
    if (records.length === 0) return;
    try {
      await aggregateBatch(`shard-${shard}`, records, metrics, this.#stores(faults, metrics), this.#patience());
      this.#checkpoints[shard] = Math.max(this.#checkpoints[shard]!, begin + records.length);
    } catch (error) {
      if (!(error instanceof CrashError)) throw error;
    }
  }

  /** Until nothing is left, in batches of this size. */
  async drain(size: number, faults: Faults): Promise<void> {
    while (this.shards.some((_, shard) => this.#isBehind(shard))) {
      await Promise.all(this.#lines.map((_, line) => this.deliver(line, 0, size, faults)));
    }
  }

  #isBehind(shard: number): boolean {
    return this.#checkpoints[shard]! < this.shards[shard]!.length;
  }

  /** A shard is read once those before it are done. */
  #reading(line: number): number {
    const shards = this.#lines[line]!;
    return shards.find((shard) => this.#isBehind(shard)) ?? shards.at(-1)!;
  }

  /** A counter's value in a generation, over all of its partitions. */
  total(id: string, generation: number): ReadonlyMap<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const [key, { value }] of this.counters) {
      const [pk = '', member] = key.split('\n');
      for (let spread = 0; spread < spreads; spread++) {
        const prefix = partitionKey(id, generation, '', spread).slice(0, -1 - String(spread).length);
        if (!pk.startsWith(prefix) || !pk.endsWith(`#${spread}`)) continue;
        const name = `${pk.slice(prefix.length, pk.lastIndexOf('#'))}\n${member}`;
        sums.set(name, (sums.get(name) ?? 0n) + value);
      }
    }
    return withoutZeros(sums);
  }

  /** What a counter would be if it was computed from the posts alone. */
  recomputed(metric: Countable): ReadonlyMap<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const post of this.posts.values()) {
      for (const { counter, amount } of metric.delta(undefined, post)) {
        const name = `${counter.group}\n${counter.member}`;
        sums.set(name, (sums.get(name) ?? 0n) + amount);
      }
    }
    return withoutZeros(sums);
  }

  /** Whether the counters have all that a shard's records up to here add to them in a generation. */
  hasCounted(shard: number, upTo: string, generation: number): boolean {
    const name = `shard-${shard}`;
    const changes = this.shards[shard]!.flatMap((record) => {
      try {
        return [changeOf(record)];
      } catch {
        return [];
      }
    }).filter(({ sequence }) => sequence <= upTo);
    return fold(name, changes, this.registry!, this.#metrics)
      .filter(({ pk }) => counterOf(pk)!.generation === generation)
      .every(({ pk, sk, deltas }) => {
        const folded = this.counters.get(`${pk}\n${sk}`)?.folded.get(foldedAttribute(name));
        return folded !== undefined && sequenceOf(folded) >= deltas.at(-1)!.sequence;
      });
  }

  /** What is given up is as old as the stream keeps it, and so is every post that has not changed since. */
  #isOld(ind: number): boolean {
    const shards = this.#lineOf(ind);
    const key = JSON.stringify(marshall({ ind }));
    const last = shards.findLastIndex((shard) => this.#givenUp[shard]!.upTo > 0);
    const kept = shards.flatMap((shard, at) => {
      if (at < last) return [];
      return at === last ? this.shards[shard]!.slice(this.#givenUp[shard]!.upTo) : this.shards[shard]!;
    });
    return !kept.some(({ dynamodb }) => JSON.stringify({ ind: dynamodb?.NewImage?.['ind'] }) === key);
  }

  #lineOf(ind: number): readonly number[] {
    return this.#lines[Math.abs(ind) % this.#lines.length]!;
  }

  #next(): string {
    this.#sequence += 1 + Math.floor(this.#random() * 3);
    return String(100_000 + this.#sequence).padStart(21, '0');
  }

  #change(ind: number, post: Post | undefined): void {
    const old = this.posts.get(ind);
    if (post === undefined) this.posts.delete(ind);
    else this.posts.set(ind, post);
    this.shards[this.#lineOf(ind).at(-1)!]!.push({
      eventName: post === undefined ? 'REMOVE' : 'MODIFY',
      dynamodb: {
        SequenceNumber: this.#next(),
        ApproximateCreationDateTime: this.#now,
        ...(old && { OldImage: marshall(old) as never }),
        ...(post && { NewImage: marshall(post) as never }),
      },
    });
  }

  #stores(faults: Faults, metrics: readonly Countable[]): AggregateStores {
    const request = async <T>(work: () => T): Promise<T> => {
      for (let turns = Math.floor(this.#random() * 4); turns > 0; turns--) await undefined;
      const kind = this.#random();
      if (kind < faults.crash / 2) throw new CrashError();
      if (kind > 1 - faults.passing / 2) throw new TimeoutError();
      const result = work();
      if (kind < faults.crash) throw new CrashError();
      if (kind > 1 - faults.passing) throw new TimeoutError();
      await undefined;
      return result;
    };
    return {
      counters: {
        add: ({ pk, sk, shard, amount, first, last }) =>
          request(() => {
            const key = `${pk}\n${sk}`;
            const counter = this.counters.get(key) ?? { value: 0n, folded: new Map<string, string>() };
            const folded = counter.folded.get(foldedAttribute(shard));
            if (folded !== undefined && folded >= first) return sequenceOf(folded);
            this.counters.set(key, counter);
            counter.value += amount;
            counter.folded.set(foldedAttribute(shard), foldedUpTo(last, startMs));
            return undefined;
          }),
      },
      registry: {
        current: () =>
          request(() => {
            const isComplete = [...this.posts.values()].every(
              ({ ind, gen }) => gen === unregistered && !this.#isOld(ind),
            );
            this.registry ??= isComplete
              ? completeRegistry(
                  metrics.map(({ id }) => id),
                  this.now / 1000,
                )
              : emptyRegistry(this.now / 1000);
            return this.registry;
          }),
        markInexact: (upTo) =>
          request(() => {
            if (this.registry !== undefined && this.registry.inexactUpTo < upTo) {
              this.registry = { ...this.registry, inexactUpTo: upTo };
            }
          }),
        drop: (metricIds) =>
          request(() => {
            if (this.registry === undefined) return;
            const left = Object.entries(this.registry.metrics).filter(([id]) => !metricIds.includes(id));
            this.registry = { ...this.registry, metrics: Object.fromEntries(left) };
          }),
      },
      posts: { touch: (ind, generation) => request(() => this.touch(ind, generation)) },
      progress: {
        reached: (shard, sequence) =>
          request(() => {
            if ((this.progress.get(shard) ?? '') < sequence) this.progress.set(shard, sequence);
          }),
      },
      unreadable: {
        keep: (shard, record) =>
          request(() => {
            this.unreadable.add(`${shard}/${record.dynamodb?.SequenceNumber}`);
          }),
      },
    };
  }

  #patience(): Patience {
    return {
      deadline: startMs + 60_000,
      now: () => startMs,
      sleep: async () => undefined,
      random: this.#random,
    };
  }
}

const withoutZeros = (sums: ReadonlyMap<string, bigint>): ReadonlyMap<string, bigint> =>
  new Map([...sums].filter(([, value]) => value !== 0n).sort());
