import { type AthenaClient, GetQueryResultsCommand } from '@aws-sdk/client-athena';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { expect, test } from '@jest/globals';
import type { Queries } from './queries.ts';

interface Clients {
  readonly athena: () => AthenaClient;
  readonly s3: () => S3Client;
}

/** The tests of what queries leave. */
export function results({ start, ended, rows }: Queries, { athena, s3 }: Clients): void {
  test('are quoted as Athena quotes them, null told from empty', async () => {
    const id = await start('SELECT ind, category, tags FROM posts ORDER BY ind');
    const { ResultConfiguration, Statistics } = await ended(id);
    const { Body } = await s3().send(new GetObjectCommand({ Bucket: 'results', Key: `athena/${id}.csv` }));

    expect(ResultConfiguration!.OutputLocation).toBe(`s3://results/athena/${id}.csv`);
    expect(Statistics!.DataScannedInBytes).toBeGreaterThan(0);
    expect(await Body!.transformToString()).toBe(
      '"ind","category","tags"\n"1","art","[x, null]"\n"2","O\'Hara, ""quoted""",\n"3",,"[]"\n',
    );
    expect(await rows('SELECT category FROM posts ORDER BY ind')).toEqual([
      ['art'],
      ['O\'Hara, "quoted"'],
      [undefined],
    ]);
  });

  test('have Athena’s types and forms', async () => {
    const id = await start(
      `SELECT bigint '9223372036854775807' b, double '1e10' d, nan() n, decimal '12345678901234567.89' e,
       timestamp '2026-01-01 01:02:03.123456' t, timestamp '2026-01-01 01:02:03' z, map(ARRAY['k'], ARRAY[1]) m,
       CAST(ROW(1, 'x') AS ROW(a int, b varchar)) r, x'ff00' v, '' s, real '1.5' f`,
    );
    await ended(id);
    const { ResultSet } = await athena().send(new GetQueryResultsCommand({ QueryExecutionId: id }));

    expect(ResultSet!.Rows![1]!.Data!.map(({ VarCharValue }) => VarCharValue)).toEqual(
      ['9223372036854775807', '1.0E10', 'NaN', '12345678901234567.89', '2026-01-01 01:02:03.123'].concat([
        '2026-01-01 01:02:03.000',
        '{k=1}',
        '{a=1, b=x}',
        'ff 00',
        '',
        '1.5',
      ]),
    );
    expect(ResultSet!.ResultSetMetadata!.ColumnInfo!.map(({ Type }) => Type)).toEqual(
      'bigint double double decimal timestamp timestamp map row varbinary varchar float'.split(' '),
    );
  });

  test('come in pages, the names of columns first', async () => {
    const id = await start(
      "SELECT x, 'line ' || chr(10) || '\"' || x FROM (SELECT CAST(x AS varchar) x FROM UNNEST(sequence(1, 2500)) t (x)) ORDER BY length(x), x",
    );
    await ended(id);
    const pages: string[][] = [];
    let NextToken: string | undefined;
    do {
      const page = await athena().send(
        new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: 1000, ...(NextToken && { NextToken }) }),
      );
      pages.push(page.ResultSet!.Rows!.map(({ Data }) => Data![0]!.VarCharValue!));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);

    expect(pages.map(({ length }) => length)).toEqual([1000, 1000, 501]);
    expect(pages.flat().slice(1)).toEqual(Array.from({ length: 2500 }, (_, i) => String(i + 1)));
  });

  test('of a query that has failed are refused', async () => {
    const id = await start('SELECT 1/0');
    await ended(id);
    await expect(athena().send(new GetQueryResultsCommand({ QueryExecutionId: id }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'Query did not finish successfully. Final query state: FAILED. DIVISION_BY_ZERO: Division by zero',
    });
  });
}
