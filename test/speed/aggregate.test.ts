import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countable } from '../../lambda/speed/aggregate/countable.ts';
import {
  emptyRegistry,
  isExact,
  liveGeneration,
  unregistered,
  unstamped,
  withCompleted,
  withRebuild,
} from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Part } from '../../model/post.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import { type Faults, mostBack, World } from './aggregate-world.ts';
import { seeded } from './seeded.ts';

const countables = metrics.map(countable);
const ids = countables.map(({ id }) => id);
const none: Faults = { crash: 0, passing: 0 };
const arrival = Date.UTC(2026, 0, 1);

type Command =
  | {
      readonly do: 'write';
      readonly ind: number;
      readonly feed: FeedName;
      readonly order: number;
      readonly fields: Part['fields'];
      /** What the clean step had heard of. */
      readonly heardOf: 'newest' | 'older' | 'nothing';
    }
  | { readonly do: 'delete'; readonly ind: number }
  | { readonly do: 'poison'; readonly shard: number }
  | {
      readonly do: 'deliver';
      readonly shard: number;
      readonly back: number;
      readonly size: number;
      readonly wait: boolean;
      /** By a version of the function that does not know this metric. */
      readonly without: number | undefined;
    }
  | { readonly do: 'split'; readonly shard: number }
  | { readonly do: 'giveUp'; readonly shard: number; readonly size: number }
  | { readonly do: 'observe' }
  /** Of the counters table. */
  | { readonly do: 'lose' }
  | { readonly do: 'rebuild'; readonly only: number | undefined }
  | { readonly do: 'sweep'; readonly posts: number }
  | { readonly do: 'complete' };

const ind = fc.integer({ min: -1, max: 7 });
const fieldsOf: Readonly<Record<FeedName, fc.Arbitrary<Part['fields']>>> = {
  pin: fc.record({
    category: fc.constantFrom('art', 'travel', null),
    follower_count: fc.constantFrom(0, 7, 1_200, 9_007_199_254_740_991, null),
    poster_name: fc.constantFrom('Ann', 'Bo|b', null),
  }),
  geo: fc.record({
    country: fc.constantFrom('Chad', 'Côte d’Ivoire', null),
    timestamp: fc.constantFrom('2018-01-02T03:04:05.000Z', '2022-01-02T03:04:05.000Z', null),
  }),
  user: fc.record({
    user_name: fc.constantFrom('Ann A', 'Bob B'),
    age: fc.constantFrom(20, 36, 90, null),
    date_joined: fc.constantFrom('2015-01-02T03:04:05.000Z', '2017-01-02T03:04:05.000Z', null),
  }),
};
const write = fc.constantFrom<FeedName>('pin', 'geo', 'user').chain((feed) =>
  fc.record({
    do: fc.constant('write' as const),
    ind,
    feed: fc.constant(feed),
    order: fc.nat({ max: 30 }),
    fields: fieldsOf[feed],
    heardOf: fc.constantFrom<('newest' | 'older' | 'nothing')[]>('newest', 'newest', 'older', 'nothing'),
  }),
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: write },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), ind }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('poison' as const), shard: fc.nat({ max: 1 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      shard: fc.nat({ max: 1 }),
      back: fc.nat({ max: mostBack }),
      size: fc.integer({ min: 1, max: 8 }),
      wait: fc.boolean(),
      without: fc.option(fc.nat({ max: 11 }), { nil: undefined, freq: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'lose' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('split' as const), shard: fc.nat({ max: 1 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('giveUp' as const),
      shard: fc.nat({ max: 1 }),
      size: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'observe' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('rebuild' as const),
      only: fc.option(fc.nat({ max: 11 }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sweep' as const), posts: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('complete' as const) }) },
);

/** A rebuild as the command does it, in steps, while everything else goes on. */
class Rebuild {
  readonly generation: number;
  readonly #world: World;
  readonly #wanted: readonly string[];
  /** Of each shard, once a look at all posts found none below: what has to be counted before it is complete. */
  #ends: readonly (string | undefined)[] | undefined;

  constructor(world: World, wanted: readonly string[]) {
    world.registry ??= emptyRegistry(world.now / 1000);
    const { registry, generation } = withRebuild(world.registry, wanted, world.now);
    world.registry = registry;
    this.generation = generation;
    this.#world = world;
    this.#wanted = wanted;
  }

  sweep(posts: number): void {
    const below = [...this.#world.posts.values()].filter(({ gen = unstamped }) => gen < this.generation);
    for (const { ind } of below.slice(0, posts)) this.#world.touch(ind, this.generation);
    if (below.length > 0) return;
    this.#ends ??= this.#world.shards.map((records) => {
      const { SequenceNumber, ApproximateCreationDateTime = 0 } = records.at(-1)?.dynamodb ?? {};
      return ApproximateCreationDateTime < this.generation ? undefined : SequenceNumber?.padStart(40, '0');
    });
  }

  /** The registry is another one, or a function that does not count a metric took it out. */
  get isInVain(): boolean {
    return this.#wanted.some((id) => this.#world.registry?.metrics[id] === undefined);
  }

  get isDrained(): boolean {
    return (
      this.#ends?.every(
        (end, shard) =>
          end === undefined ||
          (this.#world.progress.get(`shard-${shard}`) ?? '') >= end ||
          this.#world.givenUpSince(shard, this.generation),
      ) ?? false
    );
  }

  get isCounted(): boolean {
    return this.#ends!.every((end, shard) => end === undefined || this.#world.hasCounted(shard, end, this.generation));
  }
}

async function play(commands: readonly Command[], seed: number, faults: Faults): Promise<void> {
  const world = new World(countables, 2, seeded(seed));
  const underway: Promise<void>[] = [];
  let rebuild: Rebuild | undefined;
  let heard: number = unregistered;
  const complete = () => {
    if (rebuild?.isInVain !== true) {
      if (rebuild?.isDrained !== true) return;
      world.observe();
      if (world.registry!.inexactUpTo < rebuild.generation) expect(rebuild.isCounted).toBe(true);
      world.registry = withCompleted(world.registry!, rebuild.generation);
    }
    rebuild = undefined;
  };
  for (const step of commands) {
    switch (step.do) {
      case 'write': {
        const k = `${arrival + step.order * 20_000}#kinesis`;
        const part = { k, rules: 1, fields: step.fields };
        heard = Math.max(heard, world.registry?.newest ?? unregistered);
        world.write(
          step.ind,
          step.feed,
          part,
          { newest: heard, older: heard - 1, nothing: unregistered }[step.heardOf],
        );
        break;
      }
      case 'delete':
        world.delete(step.ind);
        break;
      case 'poison':
        world.poison(step.shard);
        break;
      case 'deliver': {
        const known = countables.filter((_, at) => at !== step.without);
        const delivered = world.deliver(step.shard, step.back, step.size, faults, known);
        underway.push(delivered);
        if (step.wait) await delivered;
        break;
      }
      case 'split':
        world.split(step.shard);
        break;
      case 'giveUp':
        world.giveUp(step.shard, step.size);
        break;
      case 'observe':
        world.observe();
        break;
      case 'lose':
        world.lose();
        break;
      case 'rebuild':
        rebuild = new Rebuild(world, step.only === undefined ? ids : [ids[step.only]!]);
        break;
      case 'sweep':
        rebuild?.sweep(step.posts);
        break;
      case 'complete':
        complete();
    }
  }
  await Promise.all(underway);
  await world.drain(3, faults);
  const finish = async () => {
    while (rebuild !== undefined) {
      rebuild.sweep(2);
      await world.drain(3, faults);
      complete();
    }
  };
  await finish();
  world.observe();
  expectExact(world);
  rebuild = new Rebuild(world, ids);
  await finish();
  expect(ids.filter((id) => !isExact(world.registry!, id))).toEqual([]);
  expectExact(world);
}

/** What is called complete, and not inexact, is what the posts alone would give. */
function expectExact(world: World): void {
  for (const metric of countables) {
    const generation = liveGeneration(world.registry, metric.id);
    if (generation === undefined || (world.hasGivenUp && !isExact(world.registry!, metric.id))) continue;
    expect(world.total(metric.id, generation)).toEqual(world.recomputed(metric));
  }
}

test('what is complete is what the posts alone would give, whatever comes again, is killed, is lost, is given up or does not know a metric', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { minLength: 5, maxLength: 60 }),
      fc.nat(),
      fc.constantFrom<Faults>(none, { crash: 0.02, passing: 0.05 }, { crash: 0.1, passing: 0.2 }),
      play,
    ),
    { numRuns: 2_000 },
  );
}, 300_000);
