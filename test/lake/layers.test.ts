import { setTimeout as sleep } from 'node:timers/promises';
import { AthenaClient, GetQueryExecutionCommand, StartQueryExecutionCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { goldStatements } from '../../lib/batch/gold-statements.ts';
import { namesOf } from '../../lib/names.ts';
import { answer } from '../../model/compile/answer.ts';
import { contribution } from '../../model/compile/contribution.ts';
import { inParallel } from '../../model/compile/in-parallel.ts';
import type { Value } from '../../model/compile/keys.ts';
import { type Column, questionColumns, type Row } from '../../model/compile/rows.ts';
import { questionSql } from '../../model/compile/sql.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Post } from '../../model/post.ts';
import { questions } from '../../model/questions/index.ts';
import type { Question } from '../../model/questions/question.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { type Lake, openLake, PLACE } from '../local/athena/lake.ts';
import { MemoryCounters } from '../model/counters.ts';
import { now, posts } from '../model/posts.ts';
import { expectedAnswers, newestParts } from '../vectors/questions.ts';
import { silverRows, silverTables } from './silver.ts';

const runs = Number(process.env['LAYER_CASES'] ?? 24);
let lake: Lake;
let athena: AthenaClient;

beforeAll(async () => {
  lake = await openLake(['lake', 'results']);
  const { accessKeyId, secretAccessKey } = lake.administrator;
  athena = new AthenaClient({
    endpoint: lake.endpoint,
    region: PLACE.region,
    credentials: { accessKeyId, secretAccessKey },
  });
  await execute('CREATE DATABASE mart');
}, 400_000);

afterAll(async () => {
  athena?.destroy();
  await lake?.stop();
}, 90_000);

/** A statement of Athena's own. */
async function execute(sql: string): Promise<void> {
  const started = await athena.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      QueryExecutionContext: { Database: 'mart' },
      ResultConfiguration: { OutputLocation: 's3://results/' },
    }),
  );
  for (;;) {
    const { QueryExecutionId } = started;
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason } = QueryExecution!.Status!;
    if (State === 'SUCCEEDED') return;
    if (State !== 'QUEUED' && State !== 'RUNNING') throw new Error(`${sql}: ${StateChangeReason}`);
    await sleep(20);
  }
}

async function query(sql: string): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for await (const { rows } of lake.trino.client.run(sql, { schema: 'mart' }))
    found.push(...rows.map((row) => [...row]));
  return found;
}

const asText = (value: Value | undefined): string | null =>
  value === null || value === undefined ? null : String(value);

/** Doubles are written differently. */
const cells = (columns: readonly Column[], row: readonly unknown[]): readonly (string | number | null)[] =>
  columns.map(({ type }, at) => {
    const value = row[at] as string | null;
    return type === 'double' && value !== null ? Number(value) : value;
  });

const liveCells = (columns: readonly Column[], row: Row) =>
  cells(
    columns,
    columns.map(({ name }) => asText(row[name])),
  );

/** The clock of live answers stands. */
const atNow = (sql: string) => sql.replaceAll('current_timestamp', `TIMESTAMP '2026-11-21 10:07:31.250 UTC'`);

async function live(given: readonly Post[], asked: readonly Question[] = questions) {
  const counters = new MemoryCounters();
  for (const metric of metrics) for (const post of given) counters.add(metric, contribution(metric, post));
  const answers = asked.map(async (question) => {
    const columns = questionColumns(question);
    const rows = await answer(question, counters, { now });
    return [question.name, rows.map((row) => liveCells(columns, row))] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}

/** Every question in one statement, which loses their order. */
async function fromSilver(given: readonly Post[]) {
  const each = questions.map((question) => {
    const columns = questionColumns(question).map(({ name }) => `CAST(${name} AS varchar)`);
    const sql = atNow(questionSql(question, { kind: 'silver' }));
    return `SELECT '${question.name}' AS name, ARRAY[${columns.join(', ')}] AS cells FROM (\n${sql}\n)`;
  });
  const found = await query(silverTables(given) + each.join('\nUNION ALL\n'));
  return Object.fromEntries(
    questions.map((question) => {
      const rows = found.filter(([name]) => name === question.name);
      return [question.name, rows.map(([, row]) => cells(questionColumns(question), row as unknown[]))];
    }),
  );
}

const unordered = (answers: Readonly<Record<string, readonly unknown[]>>) =>
  Object.fromEntries(
    Object.entries(answers).map(([name, rows]) => [name, rows.map((row) => JSON.stringify(row)).sort()]),
  );

test('live answers are those of SQL over silver, whatever the posts hold', async () => {
  await fc.assert(
    fc.asyncProperty(posts(25), async (given) => {
      expect(unordered(await live(given))).toEqual(unordered(await fromSilver(given)));
    }),
    { numRuns: runs, endOnFailure: true },
  );
}, 600_000);

/** As `States.Format` fills a template in. */
const filledIn = (template: string, ...values: readonly string[]): string => {
  const left = values.values();
  return template.replaceAll(/\\(.)|\{\}/g, (_, escaped: string | undefined) => escaped ?? left.next().value ?? '');
};

/** The hand-checked posts, all of which arrived a minute ago. */
const checked: readonly Post[] = [...newestParts()].map(([ind, parts]) => ({
  ind,
  ...Object.fromEntries(
    Object.entries(parts).map(([feed, fields]) => [feed, { k: `${now - 60_000}#x`, rules: 1, fields }]),
  ),
}));

test('the hand-checked answers come live and from gold, row for row, also when a run is repeated', async () => {
  for (const feed of feedNames) {
    await execute(
      `CREATE TABLE silver_${feed} WITH (table_type = 'ICEBERG', location = 's3://lake/warehouse/silver_${feed}', is_external = false, format = 'PARQUET') AS ${silverRows(feed, checked)}`,
    );
  }
  await inParallel(goldStatements(namesOf('demo')), async ({ create, insert }) => {
    await execute(create.replace(/s3:\/\/[^/]+/, 's3://lake'));
    for (const runId of ['run-1', 'run-1']) await execute(filledIn(insert, runId, '2026-11-21 10:07:31.250', runId));
  });
  const ofLive = await live(checked);
  for (const question of questions) {
    const columns = questionColumns(question);
    const sql = questionSql(question, { kind: 'gold', runId: 'run-1' });
    const found = (await query(sql)).map((row) =>
      cells(
        columns,
        row.map((cell) => asText(cell as Value)),
      ),
    );
    expect([question.name, found]).toEqual([question.name, ofLive[question.name]]);
    const expected = expectedAnswers[question.name];
    if (expected === undefined) continue;
    expect(columns.map(({ name }) => name)).toEqual(expected.columns);
    expect(found.map((row) => JSON.stringify(row)).sort()).toEqual(
      expected.rows.map((row) => JSON.stringify(row.map(String))).sort(),
    );
  }
}, 600_000);
