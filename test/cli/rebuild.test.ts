import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { DeployedNames } from '../../cli/accounting/deployed-names.ts';
import { readArguments } from '../../cli/arguments.ts';
import { parkedObjects } from '../../cli/quarantine/bucket.ts';
import { changesGivenUpLine } from '../../cli/quarantine/changes.ts';
import { rebuildWhatIsNew } from '../../cli/rebuild/at-start.ts';
import { drained } from '../../cli/rebuild/drain.ts';
import { metricsInNeed, type RebuildStep, type Rebuilt, rebuild } from '../../cli/rebuild/rebuild.ts';
import rebuildCommand from '../../cli/rebuild.ts';
import { metricId } from '../../model/counters/keys.ts';
import { isExact, liveGeneration } from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Metric } from '../../model/metrics/metric.ts';
import { RebuildWorld, tables } from './rebuild-world.ts';

/** Those of windows have let go of posts as old as these. */
const lasting = metrics.filter(({ window }) => window === undefined);
const metric = lasting.find(({ name }) => name === 'posts-by-category')!;
const posts = 30;
jest.setTimeout(240_000);
const { signal: never } = new AbortController();
const s3 = mockClient(S3Client);
let world: RebuildWorld;

beforeEach(async () => {
  s3.reset();
  s3.on(ListObjectsV2Command).resolves({});
  world = await RebuildWorld.open();
});
afterEach(() => world.close());

const written = async (count = posts) => {
  for (let ind = 0; ind < count; ind++) await world.write(ind);
};
const counted = () => drained(world.clients, tables, { stop: never, onBehind: () => {} });

async function rebuilt(of: readonly Metric[], stopAt?: RebuildStep['name']): Promise<Rebuilt & { steps: string[] }> {
  const stopping = new AbortController();
  const steps = new Set<string>();
  const onStep = ({ name }: RebuildStep) => {
    steps.add(name);
    if (name === stopAt) stopping.abort();
  };
  const outcome = await rebuild(world.clients, tables, { metrics: of, stop: stopping.signal, onStep });
  return { ...outcome, steps: [...steps] };
}

async function expectExact(of: readonly Metric[] = lasting): Promise<void> {
  expect(await world.live(of)).toEqual(await world.recomputed(of));
}

test('posts to counters, with corrections: what the posts add up to', async () => {
  world.count(metrics);
  await written();
  for (let ind = 0; ind < posts; ind += 3) await world.write(ind, ind + 1_000);
  await counted();
  await expectExact();
  expect(Object.values((await world.live([metric]))[metric.name]!).reduce((sum, count) => sum + count, 0n)).toBe(
    BigInt(posts),
  );
});

test('a rebuild under traffic that does not pause is complete and exact', async () => {
  world.count(metrics);
  await written();
  await world.unstamp(3);
  let rebuilding = true;
  const traffic = async () => {
    for (let turn = 0; rebuilding || turn < posts; turn++) {
      await world.write(turn % (posts + 20), 1_000 + turn);
      await sleep(20);
    }
  };
  const writing = traffic();
  const {
    outcome,
    posts: touched,
    steps,
  } = await rebuilt(metrics).finally(() => {
    rebuilding = false;
  });
  await writing;
  expect({ outcome, steps }).toEqual({
    outcome: 'completed',
    steps: ['begun', 'touched', 'waiting', 'completed', 'deleted'],
  });
  expect(touched).toBeGreaterThan(0);
  await counted();
  await expectExact();
});

test.each(['begun', 'touched', 'waiting'] as const)(
  'stopped when it has %s, the same command goes on with it',
  async (stopAt) => {
    world.count(metrics);
    await written();
    await counted();
    const { newest: first } = (await world.registry())!;
    await world.stopCounting();
    expect(await rebuilt(metrics, stopAt)).toMatchObject({ outcome: 'stopped' });
    expect((await world.registry())!.metrics[metricId(metric)]).toEqual({
      active: first,
      building: expect.any(Number),
    });
    const { newest } = (await world.registry())!;
    world.count(metrics);
    expect(await rebuilt(metrics)).toMatchObject({ outcome: 'completed' });
    expect(await world.registry()).toMatchObject({ newest, metrics: { [metricId(metric)]: { active: newest } } });
    await expectExact();
    expect([...(await world.generations()).values()].flatMap((own) => [...own])).toEqual(
      expect.not.arrayContaining([first]),
    );
  },
);

test('of one metric, the others stay as they are', async () => {
  world.count(metrics);
  await written();
  await counted();
  const { newest: first } = (await world.registry())!;
  expect(await rebuilt([metric])).toMatchObject({ outcome: 'completed', posts });
  const { newest, metrics: known } = (await world.registry())!;
  for (const each of metrics) {
    expect([each.name, known[metricId(each)]]).toEqual([each.name, { active: each === metric ? newest : first }]);
  }
  await expectExact();
});

test('while the deployed function does not count a metric, nothing is called complete', async () => {
  world.count(metrics.filter((each) => each !== metric));
  await written();
  await counted();
  const { outcome, incomplete, steps } = await rebuilt(metrics);
  expect({ outcome, incomplete }).toEqual({ outcome: 'notCounted', incomplete: [metric.name] });
  expect(steps).not.toContain('completed');
  expect(liveGeneration(await world.registry(), metricId(metric))).toBeUndefined();
  await world.stopCounting();

  world.count(metrics);
  expect(await rebuilt(metrics)).toMatchObject({ outcome: 'completed' });
  await expectExact();
});

test('what a later rebuild has taken over is not called complete by the earlier one', async () => {
  world.count(metrics);
  await written();
  await counted();
  await world.stopCounting();
  const earlier = rebuilt([metric]);
  while ((await world.registry())!.metrics[metricId(metric)]?.building === undefined) await sleep(5);
  expect(await rebuilt(metrics, 'begun')).toMatchObject({ outcome: 'stopped' });
  world.count(metrics);
  expect(await earlier).toMatchObject({ outcome: 'overtaken', incomplete: [metric.name] });
  expect(await rebuilt(metrics)).toMatchObject({ outcome: 'completed' });
  await expectExact();
});

test('a function that is rolled back takes what it does not count out of live answers', async () => {
  world.count(metrics);
  await written();
  await counted();
  await world.stopCounting();
  world.count(metrics.filter((each) => each !== metric));
  await world.write(posts);
  await counted();
  await world.stopCounting();
  world.count(metrics);
  await world.write(posts + 1);
  await counted();
  expect(await metricsInNeed(world.clients, tables)).toEqual([metric]);
  expect(await rebuilt([metric])).toMatchObject({ outcome: 'completed' });
  await expectExact();
});

test('counters whose table is lost are not complete until a rebuild has counted all posts', async () => {
  world.count(metrics);
  await written();
  await counted();
  await world.stopCounting();
  await world.loseCounters();
  world.count(metrics);
  expect(await metricsInNeed(world.clients, tables)).toEqual(metrics);
  await world.write(posts);
  while ((await world.registry()) === undefined) await sleep(20);
  expect((await world.registry())!.metrics).toEqual({});
  expect(await rebuilt(metrics)).toMatchObject({ outcome: 'completed' });
  await expectExact();
});

describe('at the start', () => {
  test('a definition that changed gets its whole history, and the others are left alone', async () => {
    const before = { ...metric, by: [] } satisfies Metric;
    world.count([before, ...metrics.filter((each) => each !== metric)]);
    await written();
    await counted();
    await world.stopCounting();

    world.count(metrics);
    expect(await metricsInNeed(world.clients, tables)).toEqual([metric]);
    const lines: string[] = [];
    const rebuilding = rebuildWhatIsNew(world.clients, tables, { stop: never, log: (line) => lines.push(line) });
    for (let ind = 0; ind < 10; ind++) await world.write(posts + ind);
    await rebuilding;
    await counted();
    await expectExact();
    expect(lines.join('\n')).toMatch(
      /Live history of posts-by-category\n[\s\S]*live answers come from the new counters/,
    );
    expect(Object.keys((await world.registry())!.metrics).sort()).toEqual(metrics.map(metricId).sort());
    expect((await world.generations()).has(metricId(before))).toBe(false);

    lines.length = 0;
    await rebuildWhatIsNew(world.clients, tables, { stop: never, log: (line) => lines.push(line) });
    expect(lines).toEqual([]);
  });

  test('there is nothing to do where nothing was stored', async () => {
    expect(await metricsInNeed(world.clients, tables)).toEqual([]);
  });

  test('posts from before there were counters are counted', async () => {
    await written();
    for (let ind = 0; ind < posts; ind++) await world.unstamp(ind);
    world.count(metrics);
    await rebuildWhatIsNew(world.clients, tables, { stop: never, log: () => {} });
    await expectExact();
  });
});

test('changes that were given up are told, and mended, by a rebuild after them', async () => {
  world.count(metrics);
  await written(3);
  await counted();
  expect(await metricsInNeed(world.clients, tables)).toEqual([]);
  const folder = 'aws/lambda/5f3c0b1e/shardId-00000001795269305000-8a9c1f02/2026/11/21';
  const given = { Size: 10, LastModified: new Date(Date.now() - 1_000) };
  s3.on(ListObjectsV2Command, { Prefix: 'aws/lambda/' })
    .resolves({ Contents: [{ ...given, Key: `${folder}/2026-11-21T10.00.00-1` }] })
    .on(ListObjectsV2Command, { Prefix: 'quarantine/changes/' })
    .resolves({ Contents: [{ ...given, Key: 'quarantine/changes/dt=2026-11-21/shardId-8a9c1f02~1.json' }] });
  const line = () => changesGivenUpLine(world.clients, tables as unknown as DeployedNames);
  expect(await line()).toBe(
    '2 changes of posts, or batches of them, were given up: no row is missing, but counters miss them. npm run rebuild counts all posts again.',
  );
  expect(await parkedObjects(world.clients, tables.quarantineBucket)).toEqual([]);
  expect(s3.commandCalls(GetObjectCommand)).toEqual([]);

  await rebuilt([metric]);
  expect(await metricsInNeed(world.clients, tables)).toEqual(metrics.filter((each) => each !== metric));
  expect(await line()).toContain('npm run rebuild');
  await rebuildWhatIsNew(world.clients, tables, { stop: never, log: () => {} });
  expect(await metricsInNeed(world.clients, tables)).toEqual([]);
  expect(await line()).toBeUndefined();

  s3.on(ListObjectsV2Command).callsFake(() => ({
    Contents: [{ Key: `${folder}/2026-11-21T11.00.00-2`, Size: 10, LastModified: new Date() }],
  }));
  expect(await rebuilt([metric])).toMatchObject({ outcome: 'inexact' });
  expect(isExact((await world.registry())!, metricId(metric))).toBe(false);
});

test('a metric that there is not is refused by name', async () => {
  const given = readArguments(rebuildCommand.line, ['--metric', 'posts-by-categori']);
  await expect(rebuildCommand.run(given)).rejects.toThrow(
    /^There is no metric posts-by-categori; do you mean posts-by-category\? There are: active-people, /,
  );
});
