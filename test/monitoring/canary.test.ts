import { describe, expect, test } from '@jest/globals';
import { type Answer, canary, indexAt, type Settings, type World } from '../../lambda/monitoring/canary/canary.ts';
import { rawPlace, reaches } from '../../lambda/monitoring/canary/order-keys.ts';
import { inexactUpTo, observe, waitingBatches } from '../../lambda/monitoring/observe/observe.ts';
import { metricId } from '../../model/counters/keys.ts';
import { completeRegistry, isExact, type Registry, withCompleted, withRebuild } from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';

const minute = 60_000;
const settings: Settings = { periodMs: 5 * minute, storedWithinMs: minute, landedWithinMs: 2 * minute };
const start = Date.parse('2026-11-21T12:00:03Z');
const shard = 'shardId-000000000000';
const keyOf = (ms: number, sequence: string) =>
  [ms, 'kinesis', 'streaming-demo-pin', shard, sequence.padStart(56, '0'), '000000'].join('#');

/** A deployment in which all is well, with a post of every period. */
function deployment(more: { readonly storeAfterMs?: number } = {}) {
  let now = start;
  const posts = new Map<number, string>();
  for (let ms = start - 12 * settings.periodMs; ms < start; ms += settings.periodMs) {
    posts.set(indexAt(ms, settings.periodMs), keyOf(ms, String(ms)));
  }
  const silver = new Map(posts);
  const asked = { answers: 0, silver: 0 };
  const waiting: { at: number; ind: number; key: string }[] = [];
  const landed = new Set(posts.values());
  const world: World & { batch: NonNullable<World['batch']> } = {
    async post(ind) {
      waiting.push({ at: now + (more.storeAfterMs ?? 800), ind, key: keyOf(now, '777') });
      return { shard, sequence: '777' };
    },
    async stored(ind) {
      for (const { at, ind: index, key } of waiting) if (at <= now) posts.set(index, key);
      return posts.get(ind);
    },
    async answer(): Promise<Answer> {
      asked.answers++;
      return { status: 200, layer: 'live', watermark: Math.floor(now / 1_000) * 1_000 };
    },
    batch: {
      hasLanded: async (key) => landed.has(key),
      pointer: async () => ({ runId: 'run-1', watermark: start - 20 * minute }),
      async silver(ind) {
        asked.silver++;
        return silver.get(ind);
      },
    },
  };
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  return { world, clock, posts, silver, landed, asked };
}

describe('the canary', () => {
  test('finds nothing where all is well, and says how long its post took', async () => {
    const { world, clock } = deployment();
    const report = await canary(world, settings, clock);
    expect(report).toEqual({
      ind: indexAt(start, settings.periodMs),
      failed: {},
      postedToStoredMs: 1_000,
      silverOf: 'run-1',
    });
  });

  test('asks silver once a run', async () => {
    const { world, clock, asked } = deployment();
    const { silverOf } = await canary(world, settings, clock);
    await canary(world, settings, clock, silverOf);
    expect(asked.silver).toBe(1);
  });

  test('looks at no batch layer where there is none', async () => {
    const { world, clock } = deployment();
    const { batch: _, ...live } = world;
    expect(await canary(live, settings, clock)).toMatchObject({ failed: {}, postedToStoredMs: 1_000 });
  });

  test('takes a later post of the same period for its own', async () => {
    const { world, clock, posts } = deployment({ storeAfterMs: 2 * minute });
    posts.set(indexAt(start, settings.periodMs), keyOf(start + 1, '776'));
    expect((await canary(world, settings, clock)).failed.stored).toBeDefined();
    const { world: again, clock: then, posts: later } = deployment({ storeAfterMs: 2 * minute });
    later.set(indexAt(start, settings.periodMs), keyOf(start + 1, '1000'));
    expect((await canary(again, settings, then)).failed).toEqual({});
  });

  test('tells a post that is not stored in time, and still looks at the rest', async () => {
    const { world, clock } = deployment({ storeAfterMs: 2 * minute });
    const { failed, postedToStoredMs } = await canary(world, settings, clock);
    expect(Object.keys(failed)).toEqual(['stored']);
    expect(failed.stored).toMatch(/^Post -\d+ is not stored after 60 s; there is none\.$/);
    expect(postedToStoredMs).toBeUndefined();
  });

  test('tells a door that refuses it', async () => {
    const { world, clock } = deployment();
    const post = () => Promise.reject(new Error('The door answers 503'));
    expect((await canary({ ...world, post }, settings, clock)).failed).toEqual({
      posted: 'Error: The door answers 503',
    });
  });

  test.each<[string, Answer, string | undefined]>([
    ['an error', { status: 503, layer: '', watermark: undefined }, 'The query API answers 503.'],
    [
      'an old one',
      { status: 200, layer: 'live', watermark: start - minute },
      'Live answers count changes up to 2026-11-21T11:59:03.000Z only.',
    ],
    ['one from the batch layer while a metric is rebuilt', { status: 200, layer: 'batch', watermark: 0 }, undefined],
  ])('judges an answer: %s', async (_, given, message) => {
    const { world, clock } = deployment();
    const { failed } = await canary({ ...world, answer: async () => given }, settings, clock);
    expect(failed.answered).toBe(message);
  });

  test('asks again where an answer is lost, and tells why none comes', async () => {
    const { world, clock } = deployment();
    let lost = 3;
    const answer = async () => {
      if (lost-- > 0) throw new Error('The operation was aborted due to timeout');
      return world.answer();
    };
    expect((await canary({ ...world, answer }, settings, clock)).failed).toEqual({});
    lost = Number.POSITIVE_INFINITY;
    expect((await canary({ ...world, answer }, settings, clock)).failed).toEqual({
      answered: 'Error: The operation was aborted due to timeout',
    });
  });

  test('tells a post of before that has not landed', async () => {
    const { world, clock, landed } = deployment();
    landed.clear();
    expect((await canary(world, settings, clock)).failed.landed).toMatch(/is not in raw after 120 s\.$/);
  });

  test('tells a row that silver does not have, or has of another record', async () => {
    const { world, clock, silver } = deployment();
    const ind = indexAt(start - 25 * minute, settings.periodMs);
    silver.set(ind, keyOf(start - 25 * minute, '1'));
    expect((await canary(world, settings, clock)).failed.inSilver).toMatch(
      /^Silver of run run-1 has .*1#000000 instead of/,
    );
    silver.delete(ind);
    expect((await canary(world, settings, clock)).failed.inSilver).toMatch(/has nothing instead of/);
  });

  test('looks in silver for an earlier post when it did not send right before the watermark', async () => {
    const { world, clock, posts, silver } = deployment();
    const [missed, sent] = [25, 30].map((minutes) => indexAt(start - minutes * minute, settings.periodMs));
    posts.delete(missed!);
    expect((await canary(world, settings, clock)).failed).toEqual({});
    silver.delete(sent!);
    expect((await canary(world, settings, clock)).failed.inSilver).toMatch(/has nothing instead of/);
  });

  test('takes no post for lost that arrived too shortly before the watermark to be in raw in time', async () => {
    const { world, clock, posts, silver } = deployment();
    const lately = start - 21 * minute;
    posts.set(indexAt(lately, settings.periodMs), keyOf(lately, '9'));
    silver.delete(indexAt(lately, settings.periodMs));
    expect((await canary(world, settings, clock)).failed).toEqual({});
    silver.delete(indexAt(start - 30 * minute, settings.periodMs));
    expect((await canary(world, settings, clock)).failed.inSilver).toMatch(/has nothing instead of/);
  });

  test('says nothing of times in which it did not send', async () => {
    const { world, clock, posts, landed, silver } = deployment();
    posts.clear();
    landed.clear();
    silver.clear();
    expect((await canary(world, settings, clock)).failed).toEqual({});
    // What has the index of that time is of a round before.
    for (let at = 1; at < 13; at++) {
      const ms = start - at * settings.periodMs;
      posts.set(indexAt(ms, settings.periodMs), keyOf(ms - 2 * 24 * 60 * minute, '5'));
    }
    expect((await canary(world, settings, clock)).failed).toEqual({});
  });
});

test('indexes are below zero, and differ for two days', () => {
  const all = Array.from({ length: 576 }, (_, at) => indexAt(start + at * settings.periodMs, settings.periodMs));
  expect(new Set(all).size).toBe(576);
  expect(Math.max(...all)).toBeLessThan(0);
  expect(indexAt(start + 576 * settings.periodMs, settings.periodMs)).toBe(all[0]);
});

test('a record is looked for among the objects of its shard and date', () => {
  const key = keyOf(Date.parse('2026-11-21T23:59:59.999Z'), '49590338271490256608559692538361571095921575989136588898');
  const { prefix, own } = rawPlace(key, 'pin');
  expect(prefix).toBe(`raw/pin/dt=2026-11-21/streaming-demo-pin+${shard}+`);
  expect(own).toBe(`${prefix}49590338271490256608559692538361571095921575989136588898.jsonl.gz`);
  expect(reaches({ 'last-offset': '9' }, keyOf(0, '10'))).toBe(false);
  expect(reaches({ 'last-offset': '10' }, keyOf(0, '10'))).toBe(true);
  expect(reaches(undefined, keyOf(0, '10'))).toBe(false);
});

test('the observer tells ages in seconds, and none of what is not there yet', async () => {
  const observed = {
    lastChange: async () => start - 1_500,
    watermark: async () => undefined,
    parkedBatches: async () => 2,
  };
  expect(await observe(observed, start)).toEqual({ liveFreshness: 1.5, batchFreshness: undefined, parkedBatches: 2 });
});

test('a batch of rows waits for a redrive, changes for counters that began after them', () => {
  const mapping = 'aws/lambda/11111111-2222-3333-4444-555555555555';
  const rows = { key: `${mapping}/shardId-000000000000/2026/11/21/a`, writtenAt: start };
  const changes = { key: `${mapping}/shardId-00000001732190400000-0a1b2c3d/2026/11/21/b`, writtenAt: start };
  const unreadable = { key: 'quarantine/changes/dt=2026-11-21/shardId-8a9c1f02~1.json', writtenAt: start };
  const ids = metrics.map(metricId);
  const first = completeRegistry(ids, 0);
  const { registry: building, generation } = withRebuild(first, ids, start + minute);
  const rebuilt = withCompleted(building, generation);
  const waiting = [undefined, first, building, rebuilt].map((registry) =>
    waitingBatches([rows, changes, unreadable], registry),
  );
  expect(waiting).toEqual([3, 3, 3, 1]);
  expect(waitingBatches([{ ...changes, writtenAt: start + 2 * minute }], rebuilt)).toBe(1);
  expect(waitingBatches([], rebuilt)).toBe(0);

  const isExactAfter = (registry: Registry) =>
    isExact({ ...registry, inexactUpTo: inexactUpTo([rows, changes, unreadable])! }, ids[0]!);
  expect([first, building, rebuilt].map(isExactAfter)).toEqual([false, false, true]);
  expect(inexactUpTo([rows])).toBeUndefined();
});
