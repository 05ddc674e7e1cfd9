import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inFlightRows, settledAccount } from '../../cli/accounting/account.ts';
import { readBatchAccount } from '../../cli/accounting/batch-account.ts';
import { answers } from '../../cli/batch/answers.ts';
import { summaryFaults } from '../../cli/batch/print.ts';
import { followRun, type Pointer, type RunResult, readPointer } from '../../cli/batch/run.ts';
import { askQuestions } from '../../cli/demonstration/answers.ts';
import type { SentPost } from '../../cli/emulator/emulate.ts';
import { syntheticPost } from '../../cli/emulator/posts.ts';
import { candidates, redriveAll } from '../../cli/quarantine/redrive.ts';
import { namedQueries, runQuery } from '../../cli/query/athena.ts';
import { drained } from '../../cli/rebuild/drain.ts';
import { questionSql } from '../../model/compile/sql.ts';
import { formatRecord } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import { questions } from '../../model/questions/index.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { python } from '../clients/runtime.ts';
import { type AnswerRow, arrivals, asTexts, expectedAnswers, refused, sortedRows } from '../vectors/questions.ts';
import { BatchRuntime } from './batch/batch-runtime.ts';
import { disagreements, updateList, usedGrants } from './batch/grants.ts';
import { alarmsWithoutData, metricsNotPut, metricsRead } from './batch/monitored.ts';

/** The batch path on the real engines, from the door to the answers. The tests build on each other, in their order. */
const limitMs = 900_000;
let root: string;
let under: BatchRuntime;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow batch '));
  under = await BatchRuntime.start(root);
}, limitMs);
afterAll(async () => {
  await under?.stop();
  rmSync(root, { recursive: true, force: true });
}, limitMs);

/** The rows of the vectors, one a post, so that they arrive in their order. */
const vectorPosts = (): SentPost[] =>
  arrivals.map(({ feed, row }) => ({ index: String(row[feeds[feed].key]), rows: [[feed, { data: row }]] }));

async function expectHandCheckedAnswers(): Promise<void> {
  const given = new Map((await answers(under.clients, under.batch)).map(({ name, result }) => [name, result.rows]));
  for (const [name, { rows }] of Object.entries(expectedAnswers)) {
    expect({ name, rows: sortedRows(given.get(name) as string[][]) }).toEqual({
      name,
      rows: sortedRows(asTexts(rows)),
    });
  }
}

/** Through the API, from each layer. */
async function expectServedAnswers(): Promise<void> {
  const { clients, names, runtime } = under;
  await drained(clients, names, { stop: new AbortController().signal, onBehind: () => {} });
  const asked = questions.filter(({ name }) => name in expectedAnswers);
  const api = { url: `${runtime.apiUrl}/prod`, auth: { kind: 'none' } } as const;
  const { runId } = (await pointer())!;
  for (const layer of [{ layer: 'live' }, { layer: 'batch', run: runId }] as const) {
    for (const { question, columns, rows } of await askQuestions(api, asked, layer)) {
      const expected = expectedAnswers[question.name]!;
      expect({ ...layer, name: question.name, columns, rows: sortedRows(rows as AnswerRow[]) }).toEqual({
        ...layer,
        name: question.name,
        columns: expected.columns,
        rows: sortedRows(expected.rows),
      });
    }
  }
}

/** What was taken is in raw, records of topics once, and each of their rows has its end in both layers. */
async function expectWhole(): Promise<void> {
  const raw = await under.landed();
  const batch = await readBatchAccount(under.clients, under.names);
  for (const feed of feedNames) {
    const ofTopics = raw[feed].flatMap(({ records }) => records.filter(({ source }) => source === 'kafka'));
    expect(new Set(ofTopics.map(formatRecord)).size).toBe(ofTopics.length);
    const { rows, applied, duplicate, superseded, quarantined, missing, landed } = batch[feed];
    expect({ feed, missing, rows }).toEqual({ feed, missing: 0, rows: applied + duplicate + superseded + quarantined });
    expect([...under.taken[feed]].filter((record) => !landed.has(record))).toEqual([]);
  }
  expect(inFlightRows(await settledAccount(under.clients, under.names, { waitMs: 300_000 }))).toBe(0);
}

/** @throws Error when the run failed or met another one */
function ended(result: RunResult): Extract<RunResult, { outcome: 'changed' | 'unchanged' }> {
  if (result.outcome !== 'changed' && result.outcome !== 'unchanged') throw new Error(JSON.stringify(result));
  expect(summaryFaults(result)).toEqual([]);
  return result;
}

const pointer = (): Promise<Pointer | undefined> => readPointer(under.clients, under.batch);

const putLease = (runId: string, expiresAt: number) =>
  under.clients.dynamodb.send(
    new UpdateCommand({
      TableName: under.batch.runsTable,
      Key: { id: 'batch' },
      UpdateExpression: 'SET #lease = :lease',
      ExpressionAttributeNames: { '#lease': 'lease' },
      ExpressionAttributeValues: { ':lease': { runId, expiresAt } },
    }),
  );

const sparks = (): string[] => globSync('spark-*.pid', { cwd: under.engines });

/** Python and Java. */
function killSpark(pidFile: string): void {
  const { pid } = JSON.parse(readFileSync(join(under.engines, pidFile), 'utf8')) as { pid: number };
  process.kill(-pid, 'SIGKILL');
}

/** As it writes its first object of a table. @returns how often it has done so */
function killSparkAtWork(): () => number {
  let kills = 0;
  under.runtime.calls.onCall(({ action, resource }) => {
    if (kills > 0 || action !== 's3:PutObject' || !resource.includes('/warehouse/silver_')) return;
    kills += 1;
    sparks().forEach(killSpark);
  });
  return () => kills;
}

/** As soon as there is one that is not there now. */
async function killNextSpark(): Promise<void> {
  const known = new Set(sparks());
  for (;;) {
    const fresh = sparks().find((file) => !known.has(file));
    if (fresh !== undefined) return killSpark(fresh);
    await sleep(20);
  }
}

test(
  'of two runs at once one runs and the other leaves it alone; the answers are those worked out by hand',
  async () => {
    await under.post(vectorPosts());
    await under.landed();
    const both = await Promise.all([under.run(), under.run()]);
    expect(both.map(({ outcome }) => outcome).sort()).toEqual(['changed', 'overlap']);
    const { summary } = ended(both.find(({ outcome }) => outcome === 'changed')!);
    // Each row came through both doors.
    for (const feed of feedNames) {
      const own = refused.filter((row) => row.feed === feed).length;
      expect(summary.feeds[feed]).toMatchObject({ quarantined: 2 * own, late: 0 });
    }
    await expectHandCheckedAnswers();
    await expectWhole();
    await expectServedAnswers();
  },
  limitMs,
);

test(
  'the named queries answer the same through the SDK, boto3 and PyAthena, which know nothing but the endpoint',
  async () => {
    const named = await namedQueries(under.clients, under.batch);
    for (const [name, expected] of Object.entries(expectedAnswers)) {
      const { sql } = named.find((query) => query.name === name)!;
      const { columns, rows } = await runQuery(under.clients, under.batch, sql);
      expect(columns.map((column) => column.name)).toEqual(expected.columns);
      expect({ name, rows: sortedRows(rows as string[][]) }).toEqual({
        name,
        rows: sortedRows(asTexts(expected.rows)),
      });
    }
    const { workgroup, database } = under.batch;
    const { runId } = (await pointer())!;
    const gold = questions.map((question) => [question.name, questionSql(question, { kind: 'gold', runId })]);
    const file = join(root, 'gold.json');
    writeFileSync(file, JSON.stringify(Object.fromEntries(gold)));
    const args = [join(import.meta.dirname, 'batch', 'ask.py'), workgroup, database, file];
    const environment = { AWS_CONFIG_FILE: under.runtime.awsConfig, AWS_PROFILE: 'pinflow' };
    const { said, failed } = await python(args, environment, root);
    expect(failed).toBe('');
    const { boto3, pyathena } = JSON.parse(said) as Record<string, Record<string, (string | number)[][]>>;
    for (const [name, { columns, rows }] of Object.entries(expectedAnswers)) {
      const [texts, values] = [boto3![name]!, pyathena![name]!];
      expect([texts[0], values[0]]).toEqual([columns, columns]);
      expect({ name, rows: sortedRows(texts.slice(1)) }).toEqual({ name, rows: sortedRows(asTexts(rows)) });
      expect({ name, rows: sortedRows(values.slice(1)) }).toEqual({ name, rows: sortedRows(rows) });
    }
  },
  limitMs,
);

test(
  'posted once more while broker and Connect are killed, run while Spark and Trino are: the answers do not change',
  async () => {
    const before = await pointer();
    let answered = 0;
    await under.post(vectorPosts(), ['streams', 'topics'], () => {
      answered += 1;
      if (answered === 30) process.kill(under.engine('connect-pinflow-demo-s3-sink'), 'SIGKILL');
      if (answered === 80) process.kill(under.engine('kafka'), 'SIGKILL');
    });
    await under.landed();
    const kills = killSparkAtWork();
    const result = await under.run(undefined, ({ name, failure }) => {
      if (name === 'Gate' && failure === undefined) process.kill(under.engine('trino'), 'SIGKILL');
    });
    expect(kills()).toBe(1);
    const { outcome, summary } = ended(result);
    expect(outcome).toBe('changed');
    for (const feed of feedNames) expect(summary.feeds[feed].records).toBeGreaterThan(0);
    expect(await pointer()).not.toEqual(before);
    await expectHandCheckedAnswers();
    await expectWhole();
    await expectServedAnswers();
  },
  limitMs,
);

test(
  'a lease that another run holds is respected, an expired one taken; dates without data change nothing',
  async () => {
    const nothing = { from: '2026-01-01', to: '2026-01-02' };
    const before = await pointer();
    const now = Math.floor(Date.now() / 1000);
    await putLease('a-run-at-work', now + 600);
    expect(await under.run(nothing)).toMatchObject({ outcome: 'overlap' });
    await putLease('a-run-that-is-gone', now - 1);
    const { outcome, summary } = ended(await under.run(nothing));
    expect(outcome).toBe('unchanged');
    for (const feed of feedNames) expect(summary.feeds[feed]).toMatchObject({ records: 0, rows_in: 0 });
    expect(await pointer()).toEqual(before);
  },
  limitMs,
);

test(
  'a job that dies at each attempt, and an input that is none, fail the run and are told; readers see what they saw',
  async () => {
    const before = await pointer();
    const killed = killNextSpark().then(killNextSpark);
    expect(await under.run()).toMatchObject({ outcome: 'failed', error: 'States.TaskFailed' });
    await killed;
    expect(await under.run({ from: '2026-02-30', to: '2026-03-01' })).toMatchObject({
      outcome: 'failed',
      error: 'PlanError',
    });
    expect(await pointer()).toEqual(before);
    expect(under.told.filter((line) => line.includes('a batch run failed'))).toHaveLength(2);
  },
  limitMs,
);

test(
  'a gate that does not hold keeps readers from the run; the next one shows it',
  async () => {
    const before = await pointer();
    const refusedPosts = Array.from({ length: 12 }, (_, at): SentPost => {
      const data = { ...syntheticPost(1, 30_000 + at).pin, follower_count: 'many' };
      return { index: 30_000 + at, rows: [['pin', { data }]] };
    });
    await under.post(refusedPosts);
    await under.landed();
    const failed = await under.run();
    expect(failed).toMatchObject({ outcome: 'failed', error: 'GateError' });
    expect(JSON.stringify(failed)).toContain('24 of 24 rows are quarantined');
    expect(await pointer()).toEqual(before);

    // The schedule fires while one that it fired is at work.
    const { scheduler } = under.runtime;
    const fired = await Promise.all([1, 2].map(() => scheduler.runNow('pinflow-demo-daily')));
    const runs = await Promise.all(fired.map((arn) => followRun(under.clients, arn!)));
    expect(runs.map(({ outcome }) => outcome).sort()).toEqual(['changed', 'overlap']);
    expect(await pointer()).not.toEqual(before);
    await expectHandCheckedAnswers();
    await expectWhole();
    await expectServedAnswers();
  },
  limitMs,
);

/** The routes of the API that no emulator needs to send rows. */
async function useOtherRoutes(): Promise<void> {
  const call = async (method: string, path: string, body?: object) => {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${under.runtime.apiUrl}/prod/streams${path}`, {
      method,
      ...(body && { headers, body: JSON.stringify(body) }),
    });
    expect({ method, path, status: answer.status }).toEqual({ method, path, status: 200 });
  };
  await call('GET', '');
  for (const feed of feedNames) {
    const stream = under.names.streams[feed];
    const [arrival] = arrivals.filter((one) => one.feed === feed).slice(-1);
    await call('GET', `/${stream}`);
    await call('PUT', `/${stream}/records`, { records: [{ data: arrival!.row, 'partition-key': 'again' }] });
  }
  await call('POST', '/streaming-of-a-client', { ShardCount: 1 });
  await call('GET', '/streaming-of-a-client');
  await call('DELETE', '/streaming-of-a-client');
}

test(
  'what roles are granted and did not use is what the list tells',
  async () => {
    await useOtherRoutes();
    const { objects } = await candidates(under.clients, under.names, {});
    const { ends } = await redriveAll(under.clients, under.names.redriveFunction, objects, () => {});
    expect(ends).toMatchObject({ failed: 0, unreadable: 0 });
    const grants = usedGrants(under.runtime, under.assembly);
    if (process.env['UPDATE_GRANTS'] === '1') updateList(grants);
    expect(disagreements(grants)).toEqual([]);
  },
  limitMs,
);

test(
  'every metric that an alarm or a dashboard reads was put, with its dimensions, and no alarm is without data',
  async () => {
    const { cloudwatch } = under.clients;
    const readers = new Set((await metricsRead(cloudwatch)).values());
    expect([...readers]).toEqual(expect.arrayContaining(['pinflow-demo-health', 'pinflow-demo-loss']));
    // The observer looks once a minute, and an alarm waits for the end of one.
    for (const until = Date.now() + 300_000; Date.now() < until; await sleep(2_000)) {
      if ([...(await metricsNotPut(cloudwatch)), ...(await alarmsWithoutData(cloudwatch))].length === 0) break;
    }
    expect(await metricsNotPut(cloudwatch)).toEqual([]);
    expect(await alarmsWithoutData(cloudwatch)).toEqual([]);
  },
  limitMs,
);
