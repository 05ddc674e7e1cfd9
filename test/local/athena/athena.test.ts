import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import {
  type AthenaClient,
  GetTableMetadataCommand,
  ListQueryExecutionsCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { python } from '../../clients/runtime.ts';
import { type Lake, openLake, PLACE } from './lake.ts';
import { clientOf, keyOf, queriesOf } from './queries.ts';
import { results } from './results.ts';
import { rightsOfCallers } from './rights.ts';

/** Of minutes. */
const SLOW =
  'SELECT count(*) FROM UNNEST(sequence(1, 10000)) a (x), UNNEST(sequence(1, 10000)) b (y), UNNEST(sequence(1, 100)) c (z) WHERE x * y > z';

let lake: Lake;
let athena: AthenaClient;
let s3: S3Client;
const queries = queriesOf(() => athena);
const { start, ended, outcome, rows } = queries;

/** Whether the engine is in the middle of it: one that it has not begun is begun anew after its end. */
async function isRun(sql: string): Promise<boolean> {
  const asked = `SELECT count(*) FROM system.runtime.queries WHERE state = 'RUNNING' AND query LIKE '${sql.slice(0, 40)}%'`;
  let found = 0;
  for await (const { rows: page } of lake.trino.client.run(asked, { schema: 'default' })) {
    for (const [count] of page) found += Number(count);
  }
  return found > 0;
}

beforeAll(async () => {
  lake = await openLake(['lake', 'results']);
  const { athena: service, endpoint, administrator } = lake;
  service.workGroups.put({ name: 'work', enabled: true, enforced: true, outputLocation: 's3://results/athena/' });
  service.workGroups.put({
    name: 'small',
    enabled: true,
    enforced: true,
    outputLocation: 's3://results/',
    bytesScannedCutoff: 10,
  });
  service.workGroups.put({ name: 'off', enabled: false, enforced: true, outputLocation: 's3://results/' });
  athena = clientOf(endpoint, administrator);
  s3 = new S3Client({ endpoint, region: PLACE.region, forcePathStyle: true, credentials: keyOf(administrator) });
  await rows('CREATE DATABASE mart');
  await rows(
    `CREATE TABLE posts (ind bigint, category string, tags array<string>) LOCATION 's3://lake/warehouse/posts'
     TBLPROPERTIES ('table_type' = 'ICEBERG')`,
  );
  await rows(
    `INSERT INTO posts VALUES (1, 'art', ARRAY['x', NULL]), (2, 'O''Hara, "quoted"', NULL), (3, NULL, ARRAY[])`,
  );
}, 300_000);

afterAll(async () => {
  athena?.destroy();
  s3?.destroy();
  await lake?.stop();
});

describe('Iceberg tables', () => {
  test('are made, merged into, changed, compacted and dropped', async () => {
    await rows(
      `CREATE TABLE t WITH (table_type = 'ICEBERG', location = 's3://lake/warehouse/t', is_external = false, format = 'PARQUET')
       AS SELECT ind, category FROM posts`,
    );
    await rows(
      `MERGE INTO t USING (VALUES (1, 'new'), (9, 'nine')) s (ind, category) ON t.ind = s.ind
       WHEN MATCHED THEN UPDATE SET category = s.category
       WHEN NOT MATCHED THEN INSERT (ind, category) VALUES (s.ind, s.category)`,
    );
    await rows('DELETE FROM t WHERE ind = 2');
    await rows(`UPDATE t SET category = 'none' WHERE category IS NULL`);
    await rows('OPTIMIZE t REWRITE DATA USING BIN_PACK');
    await rows('VACUUM t');

    expect(await rows('SELECT * FROM t ORDER BY ind')).toEqual([
      ['1', 'new'],
      ['3', 'none'],
      ['9', 'nine'],
    ]);
    expect(await rows('SELECT count(*) > 1 FROM "t$snapshots"')).toEqual([['true']]);
    expect(await rows('SHOW TABLES')).toContainEqual(['t']);
    await rows('DROP TABLE `t`');
    expect(await rows('SHOW TABLES')).not.toContainEqual(['t']);
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'warehouse/t/' }));
    expect(KeyCount).toBe(0);
  });

  test('take one of two commits at once, and the other after it', async () => {
    await rows(
      `CREATE TABLE race (n int) LOCATION 's3://lake/warehouse/race' TBLPROPERTIES ('table_type' = 'ICEBERG')`,
    );
    await Promise.all([1, 2, 3, 4].map((n) => rows(`INSERT INTO race VALUES ${n}`)));
    expect(await rows('SELECT count(*), sum(n) FROM race')).toEqual([['4', '10']]);
  });
});

test('a raw table of gzipped JSON lines is read by partition projection', async () => {
  const lines = (...values: object[]) => gzipSync(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  const put = (key: string, Body: Buffer) => s3.send(new PutObjectCommand({ Bucket: 'lake', Key: key, Body }));
  await put(
    'raw/pin/dt=2026-01-02/t+0+1.jsonl.gz',
    lines({ offset: '1', value: { a: 'é\n' }, valueBase64: null }, { offset: '2' }),
  );
  await put('raw/pin/dt=2026-01-03/t+0+3.jsonl.gz', lines({ offset: '3', value: [1] }));
  await put('raw/geo/dt=2026-01-02/t+0+1.jsonl.gz', lines({ offset: '4', valueBase64: 'AA==' }));
  await rows(`
    CREATE EXTERNAL TABLE raw (\`offset\` string, value string, valuebase64 string) PARTITIONED BY (feed string, dt string)
    ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ('mapping.valuebase64' = 'valueBase64')
    LOCATION 's3://lake/raw/'
    TBLPROPERTIES ('projection.enabled' = 'true', 'projection.feed.type' = 'enum', 'projection.feed.values' = 'pin,geo',
      'projection.dt.type' = 'date', 'projection.dt.format' = 'yyyy-MM-dd', 'projection.dt.range' = '2026-01-01,NOW',
      'storage.location.template' = 's3://lake/raw/\${feed}/dt=\${dt}/')`);

  expect(await rows(`SELECT "offset", value, valuebase64, feed FROM raw WHERE dt = '2026-01-02' ORDER BY 1`)).toEqual([
    ['1', '{"a":"é\\n"}', undefined, 'pin'],
    ['2', undefined, undefined, 'pin'],
    ['4', undefined, 'AA==', 'geo'],
  ]);
  expect(
    await rows(`SELECT count(*) FROM raw WHERE feed = 'pin' AND dt BETWEEN '2026-01-01' AND '2026-01-31'`),
  ).toEqual([['3']]);
});

describe('results', () => results(queries, { athena: () => athena, s3: () => s3 }));

describe('queries', () => {
  test.each([
    ['SELECT\n  nope FROM posts', "COLUMN_NOT_FOUND: line 2:3: Column 'nope' cannot be resolved"],
    ['SELECT * FROM nope', "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.mart.nope' does not exist"],
    ["SELECT CAST('x' AS int)", /^INVALID_CAST_ARGUMENT: Cannot cast 'x' to INT/],
    ['SELECT 1 FROM', /^SYNTAX_ERROR: line 1:14: mismatched input/],
  ])('%j fails with the engine’s words', async (sql, reason) => {
    expect(await outcome(sql)).toEqual({ state: 'FAILED', reason: expect.stringMatching(reason) });
  });

  test('take parameters', async () => {
    const sql = `SELECT ind FROM posts WHERE category = ? AND ind < ? AND '?' <> 'x'`;
    expect(await rows(sql, { ExecutionParameters: [`'O''Hara, "quoted"'`, '5'] })).toEqual([['2']]);
    expect((await outcome(sql, { ExecutionParameters: ['5'] })).reason).toBe(
      'INVALID_PARAMETER_USAGE: Incorrect number of parameters: expected 2 but found 1',
    );
  });

  test('are refused in a workgroup that is off, of kinds that are not here, and without a place for the result', async () => {
    await expect(start('SELECT 1', { WorkGroup: 'off' })).rejects.toThrow('WorkGroup off is disabled.');
    await expect(start('SELECT 1', { WorkGroup: 'none' })).rejects.toThrow('WorkGroup none is not found.');
    await expect(start("UNLOAD (SELECT 1) TO 's3://x'")).rejects.toThrow(
      'UNLOAD is not supported by the local Athena.',
    );
    await expect(start('SELECT 1', { WorkGroup: 'primary' })).rejects.toThrow('No output location provided.');
  });

  test('started twice with one token run once', async () => {
    const ClientRequestToken = randomUUID();
    const [first, second] = [
      await start('SELECT 7', { ClientRequestToken }),
      await start('SELECT 7', { ClientRequestToken }),
    ];
    expect(second).toBe(first);
    await expect(start('SELECT 8', { ClientRequestToken })).rejects.toThrow('Idempotent parameters do not match');
    const { QueryExecutionIds } = await athena.send(new ListQueryExecutionsCommand({ WorkGroup: 'work' }));
    expect(QueryExecutionIds![0]).toBe(first);
    await ended(first);
  });

  test('are cancelled', async () => {
    const id = await start(SLOW);
    await sleep(500);
    await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    expect((await ended(id)).Status).toMatchObject({
      State: 'CANCELLED',
      StateChangeReason: 'Query cancelled by user',
    });
  });

  test('are cancelled when they read more than their workgroup allows', async () => {
    expect(await outcome('SELECT * FROM posts', { WorkGroup: 'small' })).toEqual({
      state: 'CANCELLED',
      reason: 'Query cancelled! : Bytes scanned limit was exceeded',
    });
  });
});

describe('the caller’s own rights decide', () => rightsOfCallers(queries, () => lake));

test('the catalog is described', async () => {
  const { TableMetadata } = await athena.send(
    new GetTableMetadataCommand({ CatalogName: 'AwsDataCatalog', DatabaseName: 'mart', TableName: 'posts' }),
  );
  expect(TableMetadata).toMatchObject({ Name: 'posts', Parameters: { table_type: expect.stringMatching(/iceberg/i) } });
  expect(TableMetadata!.Columns!.map(({ Name, Type }) => [Name, Type])).toContainEqual(['tags', 'array<string>']);
});

test('unmodified boto3 runs a named query and reads its rows', async () => {
  lake.athena.putNamedQuery('work', 'by-index', {
    Database: 'mart',
    QueryString: 'SELECT ind, category FROM posts WHERE ind < 3 ORDER BY 1',
  });
  const environment = {
    AWS_ENDPOINT_URL: lake.endpoint,
    AWS_REGION: PLACE.region,
    AWS_DEFAULT_REGION: PLACE.region,
    AWS_ACCESS_KEY_ID: 'pinflow',
    AWS_SECRET_ACCESS_KEY: 'pinflow',
  };
  const { code, said, failed } = await python(['named_query.py', 'by-index'], environment, import.meta.dirname);
  expect({ code, failed, rows: JSON.parse(said || 'null') }).toEqual({
    code: 0,
    failed: '',
    rows: [
      ['ind', 'category'],
      ['1', 'art'],
      ['2', 'O\'Hara, "quoted"'],
    ],
  });
});

test('the engine is started again when it dies', async () => {
  const slow = await start(SLOW);
  while (!(await isRun(SLOW))) await sleep(50);
  process.kill(lake.trino.pid!, 'SIGKILL');

  expect((await ended(slow)).Status).toMatchObject({ State: 'FAILED', AthenaError: { Retryable: true } });
  expect(await rows('SELECT count(*) FROM posts WHERE ind < 4')).toEqual([['3']]);
});
