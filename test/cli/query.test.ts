import {
  AthenaClient,
  BatchGetNamedQueryCommand,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  ListNamedQueriesCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { afterEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { clientsAt } from '../../cli/aws.ts';
import { namedQueries, runQuery } from '../../cli/query/athena.ts';
import { bytesText, resultCsv, resultJson, resultNote, resultTable } from '../../cli/query/print.ts';

const athena = mockClient(AthenaClient);
const clients = clientsAt('http://127.0.0.1:1');
const where = { workgroup: 'pinflow-demo', database: 'pinflow_demo' };
afterEach(() => {
  athena.reset();
});

const execution = (State: 'RUNNING' | 'SUCCEEDED' | 'FAILED', StateChangeReason?: string) => ({
  QueryExecution: {
    StatementType: 'DML' as const,
    Status: { State, ...(StateChangeReason && { StateChangeReason }) },
    Statistics: { DataScannedInBytes: 2_048, TotalExecutionTimeInMillis: 1_234 },
  },
});
const row = (...values: (string | null)[]) => ({
  Data: values.map((value) => (value === null ? {} : { VarCharValue: value })),
});
const page = (rows: ReturnType<typeof row>[], NextToken?: string) => ({
  ResultSet: {
    Rows: rows,
    ResultSetMetadata: {
      ColumnInfo: [
        { Name: 'category', Type: 'varchar' },
        { Name: 'posts', Type: 'bigint' },
      ],
    },
  },
  ...(NextToken && { NextToken }),
});

/** Two pages, the first of which begins with the head. */
function answersInTwoPages(): void {
  athena.on(StartQueryExecutionCommand).resolves({ QueryExecutionId: 'id' });
  athena.on(GetQueryExecutionCommand).resolvesOnce(execution('RUNNING')).resolves(execution('SUCCEEDED'));
  athena
    .on(GetQueryResultsCommand)
    .resolvesOnce(page([row('category', 'posts'), row('art', '3'), row(null, '9007199254740993')], 'more'))
    .resolves(page([row('category', 'posts')]));
}

test('a query is polled to its end, and its rows are read without the head', async () => {
  answersInTwoPages();
  const result = await runQuery(clients, where, 'select 1');
  expect(athena.commandCalls(StartQueryExecutionCommand)[0]!.args[0].input).toEqual({
    QueryString: 'select 1',
    WorkGroup: 'pinflow-demo',
    QueryExecutionContext: { Database: 'pinflow_demo' },
  });
  // A row that looks like the head is a row.
  expect(result.rows).toEqual([
    ['art', '3'],
    [null, '9007199254740993'],
    ['category', 'posts'],
  ]);
  expect(resultNote(result)).toBe('3 rows, 2.0 KB scanned, 1.2 s');
  expect(resultTable({ ...result, rows: result.rows.slice(0, 2) }).split('\n')).toEqual([
    '  category             posts',
    '  art                      3',
    '  -         9007199254740993',
  ]);
  expect(resultJson(result)[0]).toEqual({ category: 'art', posts: 3 });
  expect(resultJson(result)[1]).toEqual({ category: null, posts: '9007199254740993' });
  expect(resultCsv(result).split('\n').slice(0, 3)).toEqual(['"category","posts"', '"art","3"', ',"9007199254740993"']);
});

test('no more rows are read than are wanted', async () => {
  answersInTwoPages();
  const result = await runQuery(clients, where, 'select 1', { max: 1 });
  expect(result).toMatchObject({ rows: [['art', '3']], more: true });
  expect(athena.commandCalls(GetQueryResultsCommand)).toHaveLength(1);
});

test('a query that fails says why in the words of Athena; one that is given up is cancelled', async () => {
  athena.on(StartQueryExecutionCommand).resolves({ QueryExecutionId: 'id' });
  athena.on(GetQueryExecutionCommand).resolves(execution('FAILED', "COLUMN_NOT_FOUND: line 1:8: Column 'x'"));
  await expect(runQuery(clients, where, 'select x')).rejects.toThrow("COLUMN_NOT_FOUND: line 1:8: Column 'x'");

  athena.on(GetQueryExecutionCommand).resolves(execution('RUNNING'));
  await expect(runQuery(clients, where, 'select 1', { stop: AbortSignal.abort() })).rejects.toThrow('cancelled');
  expect(athena.commandCalls(StopQueryExecutionCommand)).toHaveLength(1);
});

test('named queries come in the order of the questions', async () => {
  athena.on(ListNamedQueriesCommand).resolves({ NamedQueryIds: ['a', 'b', 'c'] });
  const named = (Name: string, Description: string) => ({ Name, Description, Database: 'd', QueryString: 'select 1' });
  athena.on(BatchGetNamedQueryCommand).resolves({
    NamedQueries: [named('c', '10: last'), named('b', '2: second'), named('a', '1: first')],
  });
  expect((await namedQueries(clients, where)).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 KB'],
  [12_345_678, '12.3 MB'],
])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));
