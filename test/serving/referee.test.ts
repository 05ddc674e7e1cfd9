import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Layers, type RefereeOptions, referee } from '../../lambda/batch/referee/referee.ts';
import { contribution, expiresAt } from '../../model/compile/contribution.ts';
import { metricId, partitionKey, spreads } from '../../model/counters/keys.ts';
import { completeRegistry } from '../../model/counters/registry.ts';
import { feeds } from '../../model/feeds/index.ts';
import { metrics } from '../../model/metrics/index.ts';
import { orderKey } from '../../model/order-key.ts';
import type { Part, Post } from '../../model/post.ts';
import { comparePart, type SilverRow } from '../../model/referee/compare-parts.ts';
import { isSampled, lostRows } from '../../model/referee/report.ts';
import type { CleanFields } from '../../model/rules/clean-row.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import { now, posts as somePosts } from '../model/posts.ts';

const key = (arrivalMs: number, source: 'kinesis' | 'kafka' = 'kinesis') =>
  orderKey(arrivalMs, { source, topic: 't', partition: '0', offset: '1', position: 0 });
const fields: CleanFields = { country: 'Albania', coordinates: [-89.5, 1e-7], timestamp: '2020-08-28T03:52:47.001Z' };
const part = (more: Partial<Part> = {}): Part => ({ k: key(now), rules: 1, fields, ...more });
const row = (more: Partial<SilverRow> = {}): SilverRow => ({
  orderKey: key(now),
  values: ['Albania', '[-89.5, 1.0E-7]', '2020-08-28 03:52:47.001'],
  ...more,
});
const scope = { watermark: now, topicsFeedSpeed: true };

describe('a part of a post and its row in silver', () => {
  test.each<[string, Part | undefined, SilverRow | undefined, string]>([
    ['are equal', part(), row(), 'equal'],
    [
      'are both null',
      part({ fields: { country: null, coordinates: null, timestamp: null } }),
      row({ values: [null, null, null] }),
      'equal',
    ],
    [
      'are equal, with further digits of the second',
      part({ fields: { ...fields, timestamp: '2020-08-28T03:52:40.000Z' } }),
      row({ values: ['Albania', '[-89.5, 1.0E-7]', '2020-08-28 03:52:40.000000'] }),
      'equal',
    ],
    [
      'differ in a text',
      part(),
      row({ values: ['Algeria', '[-89.5, 1.0E-7]', '2020-08-28 03:52:47.001'] }),
      'otherContent',
    ],
    [
      'differ in a number',
      part(),
      row({ values: ['Albania', '[-89.5, 0.0]', '2020-08-28 03:52:47.001'] }),
      'otherContent',
    ],
    [
      'differ in a moment',
      part(),
      row({ values: ['Albania', '[-89.5, 1.0E-7]', '2020-08-28 03:52:47.002'] }),
      'otherContent',
    ],
    [
      'differ in a part of a millisecond',
      part(),
      row({ values: ['Albania', '[-89.5, 1.0E-7]', '2020-08-28 03:52:47.001001'] }),
      'otherContent',
    ],
    ['differ in a null', part(), row({ values: [null, '[-89.5, 1.0E-7]', '2020-08-28 03:52:47.001'] }), 'otherContent'],
    ['are of other rows', part({ k: key(now - 1) }), row(), 'otherRow'],
    ['lack the part', undefined, row(), 'notInPosts'],
    ['lack the row', part(), undefined, 'notInSilver'],
    ['stand apart because the part is newer', part({ k: key(now + 1) }), row(), 'ahead'],
    ['stand apart because the row is newer', part(), row({ orderKey: key(now + 1) }), 'ahead'],
  ])('%s', (_, thePart, theRow, verdict) => expect(comparePart(feeds.geo, thePart, theRow, scope)).toBe(verdict));

  test('are compared only where a stream won, if topics do not feed the posts', () => {
    const apart = { ...scope, topicsFeedSpeed: false };
    expect(comparePart(feeds.geo, part(), row({ orderKey: key(now, 'kafka') }), apart)).toBe('otherDoor');
    expect(comparePart(feeds.geo, undefined, row(), apart)).toBe('notInPosts');
  });
});

interface Counter {
  readonly pk: string;
  readonly sk: string;
  value: bigint;
  readonly ttl?: number;
}

/** The layers as they are when everything went well. */
function layersOf(posts: readonly Post[]) {
  const counters = new Map<string, Counter>();
  for (const post of posts) {
    for (const metric of metrics) {
      for (const { counter, amount } of contribution(metric, post)) {
        const pk = partitionKey(metricId(metric), 0, counter.group, Math.abs(post.ind) % spreads);
        const ttl = expiresAt(metric, counter);
        const known = counters.get(`${pk}/${counter.member}`);
        if (known !== undefined) known.value += amount;
        else
          counters.set(`${pk}/${counter.member}`, {
            pk,
            sk: counter.member,
            value: amount,
            ...(ttl !== undefined && { ttl }),
          });
      }
    }
  }
  const silver = Object.fromEntries(feedNames.map((feed) => [feed, silverOf(feed, posts)])) as Record<
    FeedName,
    Map<number, SilverRow>
  >;
  const layers: Layers = {
    pointer: async () => ({ runId: 'run-1', watermark: now }),
    silver: async (feed, { of, part: wanted }) => new Map([...silver[feed]].filter(([ind]) => ind % of === wanted)),
    missingOffsets: async () => 0,
    posts: async function* () {
      yield* posts;
    },
    registry: async () => completeRegistry(metrics.map(metricId), 0),
    counters: async function* () {
      yield* counters.values();
    },
  };
  return { layers, counters, silver };
}

const silverOf = (feed: FeedName, posts: readonly Post[]) =>
  new Map(
    posts.flatMap((post): [number, SilverRow][] => {
      const of = post[feed];
      if (of === undefined || post.ind < 0) return [];
      const values = feeds[feed].columns.map(({ name, rule }) => {
        const value = of.fields[name] ?? null;
        return value === null
          ? null
          : rule.kind === 'timestamp'
            ? String(value).replace('T', ' ').replace('Z', '')
            : String(value);
      });
      return [[post.ind, { orderKey: of.k, values }]];
    }),
  );

const options = (more: Partial<RefereeOptions> = {}): RefereeOptions => ({
  metrics,
  sample: { of: 1, part: 0 },
  topicsFeedSpeed: true,
  settleMs: 0,
  end: 0,
  now: () => now,
  sleep: async () => {},
  ...more,
});

const stamped = (posts: readonly Post[]): readonly Post[] => posts.map((post) => ({ ...post, gen: 0 }));

test('layers that agree have no drift, whatever the posts', async () => {
  await fc.assert(
    fc.asyncProperty(somePosts(40), fc.integer({ min: 1, max: 3 }), async (posts, of) => {
      const { layers } = layersOf(stamped(posts));
      const report = await referee(layers, options({ sample: { of, part: 0 } }));
      expect(report).toMatchObject({ drift: 0, run: 'run-1', posts: posts.filter(({ ind }) => ind >= 0).length });
    }),
    { numRuns: 25 },
  );
}, 300_000);

test('a counter or a row that is changed, gone or added is drift, in the part of the sample that it is in', async () => {
  await fc.assert(
    fc.asyncProperty(somePosts(40), fc.nat(), async (posts, at) => {
      const { layers, counters, silver } = layersOf(stamped(posts));
      const wrong = [...counters.values()][at % Math.max(1, counters.size)];
      if (wrong !== undefined) wrong.value += 1n;
      const lost = [...silver.pin.keys()][at % Math.max(1, silver.pin.size)];
      if (lost !== undefined) silver.pin.delete(lost);
      const parts = await Promise.all(
        [0, 1, 2].map((each) => referee(layers, options({ sample: { of: 3, part: each } }))),
      );
      const drift = parts.reduce((sum, report) => sum + report.drift, 0);
      expect(drift).toBe((wrong === undefined ? 0 : 1) + (lost === undefined ? 0 : 1));
    }),
    { numRuns: 25 },
  );
}, 300_000);

const onePost: readonly Post[] = [
  {
    ind: 1,
    gen: 0,
    pin: { k: key(now), rules: 1, fields: { category: 'art', follower_count: 5, poster_name: 'Ann' } },
  },
];

test('a metric without complete counters is not judged', async () => {
  const { layers } = layersOf(onePost);
  const registry = completeRegistry(metrics.slice(1).map(metricId), 0);
  const report = await referee({ ...layers, registry: async () => registry }, options());
  expect(report.metrics[0]).toMatchObject({ name: metrics[0]!.name, state: 'building', compared: 0, drift: 0 });
  expect(report.metrics.slice(1).every(({ state }) => state === 'exact')).toBe(true);
});

test('counters that a rebuild replaced while they were read are not judged', async () => {
  const { layers } = layersOf(onePost);
  const before = await layers.registry();
  const id = metricId(metrics.find(({ name }) => name === 'posts-by-category')!);
  const after = { ...before!, metrics: { ...before!.metrics, [id]: { active: now } } };
  const looks = [before];
  const rebuilt: Layers = {
    ...layers,
    registry: async () => looks.shift() ?? after,
    // Already deleted.
    counters: async function* () {
      for await (const counter of layers.counters()) if (!counter.pk.startsWith(id)) yield counter;
    },
  };
  const report = await referee(rebuilt, options());
  expect(report).toMatchObject({ drift: 0 });
  const found = report.metrics.find(({ name }) => name === 'posts-by-category');
  expect(found).toMatchObject({ state: 'rebuilt', compared: 0, drift: 0 });
});

test('a difference that goes away while it is looked at again is none', async () => {
  const { layers } = layersOf(onePost);
  let looks = 0;
  const late: Layers = {
    ...layers,
    counters: async function* () {
      looks += 1;
      if (looks > 2) yield* layers.counters();
    },
  };
  expect((await referee(late, options({ settleMs: 60_000, end: now + 600_000 }))).drift).toBe(0);
  expect(looks).toBe(3);
  looks = 0;
  const report = await referee(late, options());
  const posts = report.metrics.find(({ name }) => name === 'posts-by-category')!;
  expect(posts).toMatchObject({ drift: 1, examples: [{ live: '0', recomputed: '1' }] });
});

test('counters of posts that change meanwhile are not judged', async () => {
  const { layers } = layersOf([]);
  let looks = 0;
  const moving: Layers = {
    ...layers,
    posts: async function* () {
      looks += 1;
      if (looks > 1) yield* onePost;
    },
  };
  const report = await referee({ ...moving, pointer: async () => undefined }, options());
  expect(report).toMatchObject({ run: null, drift: 0 });
  expect(report.metrics.find(({ name }) => name === 'posts-by-category')).toMatchObject({ moving: 1, drift: 0 });
});

test('every text is in exactly one part of a sample', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 7 }), (text, of) => {
      const parts = Array.from({ length: of }, (_, at) => isSampled({ of, part: at }, text));
      expect(parts.filter(Boolean)).toHaveLength(1);
    }),
  );
});

test('lost is what one layer has and the other never got, and what is missing between offsets', async () => {
  const { layers, silver } = layersOf(onePost);
  const at = { ...layers, missingOffsets: async (watermark: number) => (watermark === now ? 3 : 0) };
  const whole = await referee(at, options());
  expect([whole.missingOffsets, lostRows(whole), whole.drift]).toEqual([3, 3, 0]);
  silver.pin.clear();
  expect(lostRows(await referee(at, options()))).toBe(4);
});
