import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { settledAccount } from '../../cli/accounting/account.ts';
import { batchNamesOf, type DeployedNames } from '../../cli/accounting/deployed-names.ts';
import { missingRows } from '../../cli/accounting/print.ts';
import { backfillPosts, objectsToBackfill } from '../../cli/backfill/posts.ts';
import { followRun, readPointer, startRun } from '../../cli/batch/run.ts';
import { askReferee } from '../../cli/compare/ask.ts';
import { demonstrateBatch } from '../../cli/demonstration/batch.ts';
import { recordOf } from '../../cli/demonstration/demonstration.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { emulate, type LoggedAnswer, type SentPost } from '../../cli/emulator/emulate.ts';
import { syntheticPost } from '../../cli/emulator/posts.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { drained } from '../../cli/rebuild/drain.ts';
import { rebuild } from '../../cli/rebuild/rebuild.ts';
import { synthesize } from '../../cli/synth.ts';
import { formatRecord } from '../../model/coordinates.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Post } from '../../model/post.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { kafkaInstallation, sparkInstallation, trinoInstallation } from '../../setup/paths.mjs';
import { withoutDailyRun } from './daily-run.ts';
import { ChildRuntime, freePorts } from './failure/child-runtime.ts';
import { AppCopy } from './metrics/app-copy.ts';
import { numbers, type Row, rowsOf } from './metrics/numbers.ts';

/** What the numbers say, live and from the batch layer, on the real engines. The tests build on each other. */
const limitMs = 1_200_000;
const run = { seed: 6, count: Number(process.env['METRICS_POSTS'] ?? 60), dirty: 0.1, duplicates: 0.1 };
const context = { batchPath: 'on' };
const stop = new AbortController().signal;
let root: string;
let runtime: ChildRuntime;
let names: DeployedNames;
let ports: { readonly port: number; readonly apiPort: number };
/** Coordinates of the records that the doors took. */
const taken = { pin: new Set<string>(), geo: new Set<string>(), user: new Set<string>() };

const childOn = (assembly: string): ChildRuntime =>
  new ChildRuntime({
    assembly,
    stateDir: join(root, 'state'),
    ...ports,
    kafka: kafkaInstallation(),
    spark: sparkInstallation(),
    trino: trinoInstallation(),
  });

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow metrics '));
  const { directory } = await synthesize(join(root, 'synth'), context);
  withoutDailyRun(directory);
  const [port, apiPort] = (await freePorts(2)) as [number, number];
  ports = { port, apiPort };
  runtime = childOn(directory);
  await runtime.start();
  names = await runtime.names();
}, limitMs);
afterAll(async () => {
  await runtime?.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 10 });
}, limitMs);

/** Sends posts through both doors, each row until it is taken. */
async function post(posts: Iterable<SentPost>, onAnswer: (answers: number) => void = () => {}): Promise<void> {
  const send = httpDoor();
  let answers = 0;
  const { feeds } = await emulate({
    url: runtime.apiUrl,
    deployment: 'demo',
    doors: ['streams', 'topics'],
    posts: posts[Symbol.iterator](),
    send,
    threads: 4,
    retry: { attempts: 2_000, firstDelayMs: 100, longestDelayMs: 500 },
    onAnswer: (answer: LoggedAnswer) => {
      const record = recordOf(answer, names);
      if (record !== undefined) taken[answer.feed].add(formatRecord(record));
      onAnswer(++answers);
    },
  });
  send.close();
  for (const feed of feedNames) expect({ feed, refused: feeds[feed].refused }).toEqual({ feed, refused: 0 });
}

/** Every row that was taken has its end, and is counted. */
async function settled(): Promise<void> {
  const account = await settledAccount(runtime.clients, names, { waitMs: 300_000, expected: taken });
  expect(missingRows(account)).toBe(0);
  await drained(runtime.clients, names, { stop, onBehind: () => {} });
}

async function restarted(): Promise<void> {
  await runtime.kill();
  await runtime.start();
}

/** A run over all that was taken. */
async function runBatch(): Promise<void> {
  const { run, faults } = await demonstrateBatch({
    ...{ clients: runtime.clients, names, taken, stop },
    onLanded: () => {},
    onStep: () => {},
  });
  expect({ outcome: run?.outcome, faults }).toEqual({ outcome: 'changed', faults: [] });
  await expectBothLayersEqual();
}

/** Both layers give the same rows everywhere, and the referee finds no drift. */
async function expectBothLayersEqual(): Promise<void> {
  const { runId } = (await readPointer(runtime.clients, batchNamesOf(names)))!;
  const served = async () => {
    const answer = await fetch(`${runtime.apiUrl}/metrics/posts-by-category?layer=batch`);
    return ((await answer.json()) as { run?: string }).run;
  };
  // The API looks for a new run now and then.
  while ((await served()) !== runId) await sleep(200);
  await sleep(1_000);
  expect(await numbers(runtime.apiUrl, 'batch')).toEqual(await numbers(runtime.apiUrl, 'live'));
  const report = await askReferee(runtime.clients, batchNamesOf(names), { all: true });
  expect({ drift: report.drift, report }).toMatchObject({ drift: 0 });
}

test(
  'posts three times through both doors, with the runtime killed meanwhile: no number changes after the first time',
  async () => {
    await post(syntheticPosts(run));
    await settled();
    const first = await numbers(runtime.apiUrl, 'live');
    expect(first['metrics/posts-by-category']!.length).toBeGreaterThan(0);

    let killed: Promise<void> | undefined;
    await post(syntheticPosts(run), (answers) => {
      if (answers === run.count * 3) killed = restarted();
    });
    await killed;
    await settled();
    expect(await numbers(runtime.apiUrl, 'live')).toEqual(first);

    await post(syntheticPosts(run));
    await restarted();
    await settled();
    expect(await numbers(runtime.apiUrl, 'live')).toEqual(first);
  },
  limitMs,
);

test('the batch layer gives the same rows, and the referee finds no drift', runBatch, limitMs);

test(
  'a correction moves one count, in both layers',
  async () => {
    const counts = async () =>
      new Map((await rowsOf(runtime.apiUrl, 'metrics/posts-by-category', 'live')).map((row) => [row['category'], row]));
    const clean = [...syntheticPosts(run)].find(({ rows }) => rows.every(([, { dirt }]) => dirt === undefined))!;
    const index = Number(clean.index);
    const sent = syntheticPost(run.seed, index).pin as { readonly category: string };
    const before = await counts();
    const wrong = [...before.keys()].find((category) => category !== sent.category && category !== 'unknown');
    await post([{ index, rows: [['pin', { data: { ...sent, category: wrong } }]] }]);
    await settled();
    const after = await counts();
    const moved = [...new Set([...before.keys(), ...after.keys()])].flatMap((category) => {
      const by = amountOf(after.get(category)) - amountOf(before.get(category));
      return by === 0 ? [] : [[category, by]];
    });
    expect(Object.fromEntries(moved)).toEqual({ [sent.category]: -1, [String(wrong)]: 1 });
    await runBatch();
  },
  limitMs,
);

const amountOf = (row: Row | undefined): number => Number(row?.['posts'] ?? 0);

test(
  'a backfill of one range twice: the second changes no row',
  async () => {
    const dayMs = 86_400_000;
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const range = { from: day(Date.now() - dayMs), to: day(Date.now()) };
    const batch = batchNamesOf(names);
    const before = await numbers(runtime.apiUrl, 'live');
    const backfilled = async () => {
      const result = await followRun(runtime.clients, await startRun(runtime.clients, batch, range));
      const objects = await objectsToBackfill(runtime.clients, names, range);
      expect(objects.length).toBeGreaterThan(0);
      const { feeds, failures } = await backfillPosts(runtime.clients, batch.backfillFunction, objects, { stop });
      const changed = feedNames.reduce((total, feed) => total + feeds[feed].changed, 0);
      return { outcome: result.outcome, changed, failures };
    };
    expect(await backfilled()).toMatchObject({ changed: 0, failures: [] });
    expect(await backfilled()).toEqual({ outcome: 'unchanged', changed: 0, failures: [] });
    await settled();
    expect(await numbers(runtime.apiUrl, 'live')).toEqual(before);
    await expectBothLayersEqual();
  },
  limitMs,
);

/** The one thing to write. */
const entry = `import { country } from '../dimensions.ts';
import { count, text, type Metric } from '../metric.ts';

export default {
  name: 'posts-by-kind',
  describe: 'Posts of each kind in each country.',
  measure: count,
  by: [country, text('pin.is_image_or_video', 'kind')],
} satisfies Metric;
`;

test(
  'a new metric is one entry; a rebuild under traffic gives it its whole live history',
  async () => {
    const copy = new AppCopy(join(root, 'copy'));
    writeFileSync(join(copy.directory, 'model/metrics/entries/posts-by-kind.ts'), entry);
    await copy.pinflow('generate');
    const assembly = await copy.synthesized(context);
    withoutDailyRun(assembly);
    const endpoint = `http://127.0.0.1:${ports.port}`;
    const rebuilt = () => copy.pinflow('rebuild', '--metric', 'posts-by-kind', '--endpoint', endpoint);
    await expect(rebuilt()).rejects.toThrow('does not count posts-by-kind: deploy it with this model');
    await runtime.stop();
    runtime = childOn(assembly);
    await runtime.start();

    const route = 'metrics/posts-by-kind';
    await expect(rowsOf(runtime.apiUrl, route, 'live')).rejects.toThrow('npm run rebuild');
    const traffic = post(syntheticPosts({ ...run, seed: 7, count: 30 }));
    expect(await rebuilt()).toContain('live answers come from the new counters');
    await traffic;
    await settled();
    expect(await rowsOf(runtime.apiUrl, route, 'live')).toEqual(await postsByKind());
  },
  limitMs,
);

test(
  'counters that are lost are not answered from until a rebuild, which gives them back',
  async () => {
    const route = 'metrics/posts-by-category';
    const before = await rowsOf(runtime.apiUrl, route, 'live');
    const { dynamodb } = runtime.clients;
    const TableName = names.countersTable;
    const scan = { TableName, ConsistentRead: true, ProjectionExpression: 'pk, sk' };
    for await (const { Items = [] } of paginateScan({ client: dynamodb }, scan)) {
      for (const { pk, sk } of Items) await dynamodb.send(new DeleteCommand({ TableName, Key: { pk, sk } }));
    }
    await post(syntheticPosts({ ...run, seed: 7, count: 30 }));
    const refusal = () => rowsOf(runtime.apiUrl, route, 'live').then(() => '', String);
    while ((await refusal()).includes('No post has been counted yet')) await sleep(200);
    expect(await refusal()).toContain('is not complete');
    const all = { metrics, stop, onStep: () => {} };
    expect(await rebuild(runtime.clients, names, all)).toMatchObject({ outcome: 'completed' });
    expect(await rowsOf(runtime.apiUrl, route, 'live')).toEqual(before);
  },
  limitMs,
);

test(
  'changes that were given up are told with answers until a rebuild has counted them',
  async () => {
    await post(syntheticPosts({ ...run, seed: 8, count: 5 }));
    await settled();
    const { s3, lambda } = runtime.clients;
    const Key = 'aws/lambda/mapping/shardId-00000001795269305000-8a9c1f02/2026/11/21/2026-11-21T10.00.00-1';
    await s3.send(new PutObjectCommand({ Bucket: names.quarantineBucket, Key, Body: '{}' }));
    const observed = await lambda.send(new InvokeCommand({ FunctionName: 'pinflow-demo-observe' }));
    expect(observed.FunctionError).toBeUndefined();
    const route = 'metrics/posts-by-category';
    await expect(rowsOf(runtime.apiUrl, route, 'live')).rejects.toThrow('"code":"inexact"');
    const all = { metrics, stop, onStep: () => {} };
    expect(await rebuild(runtime.clients, names, all)).toMatchObject({ outcome: 'completed' });
    await lambda.send(new InvokeCommand({ FunctionName: 'pinflow-demo-observe' }));
    expect((await rowsOf(runtime.apiUrl, route, 'live')).length).toBeGreaterThan(0);
  },
  limitMs,
);

/** From the posts as they are stored. */
async function postsByKind(): Promise<readonly Row[]> {
  const counts = new Map<string, number>();
  const table = { TableName: names.postsTable, ConsistentRead: true };
  for await (const { Items = [] } of paginateScan({ client: runtime.clients.dynamodb }, table)) {
    for (const { pin, geo } of Items as Post[]) {
      if (pin === undefined || geo === undefined) continue;
      const key = JSON.stringify([geo.fields['country'] ?? 'unknown', pin.fields['is_image_or_video'] ?? 'unknown']);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts]
    .map(([key, posts]) => {
      const [country, kind] = JSON.parse(key) as [string, string];
      return { country, kind, posts };
    })
    .sort((one, other) => Buffer.compare(...([one, other].map(sortKey) as [Buffer, Buffer])));
}

const sortKey = ({ country, kind }: { readonly country: string; readonly kind: string }): Buffer =>
  Buffer.from(`${country}\0${kind}`);
