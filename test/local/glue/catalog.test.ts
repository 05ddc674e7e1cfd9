import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Caller } from '../../../local/access/caller.ts';
import { glueDatabase } from '../../../local/resources/glue-database.ts';
import { GlueCatalog } from '../../../local/services/glue/catalog.ts';
import { GlueService } from '../../../local/services/glue/service.ts';
import type { JsonObject } from '../../../local/services/service.ts';

const PLACE = { account: '000000000000', region: 'us-east-1' };
const CALLER = {} as Caller;
const scratch = mkdtempSync(join(tmpdir(), 'pinflow-glue-'));
let number = 0;
let file: string;
let catalog: GlueCatalog;
let glue: GlueService;

beforeEach(() => {
  file = join(scratch, `${number++}.sqlite`);
  open();
});
afterAll(() => rmSync(scratch, { recursive: true }));

function open(): void {
  catalog = new GlueCatalog({ ...PLACE, file });
  glue = new GlueService(catalog.operations);
}

const call = (operation: string, input: JsonObject = {}) => glue.call(operation, input, CALLER);
const withTable = async () => {
  await call('CreateDatabase', { DatabaseInput: { Name: 'Mart' } });
  const PartitionKeys = [
    { Name: 'dt', Type: 'string' },
    { Name: 'n', Type: 'int' },
  ];
  await call('CreateTable', {
    DatabaseName: 'mart',
    TableInput: { Name: 'Posts', Parameters: { a: '1' }, PartitionKeys },
  });
};
const table = { DatabaseName: 'mart', Name: 'posts' };

test('a database keeps the place of its tables as it is, whatever is told and restarted', async () => {
  const LocationUri = 's3://curated/warehouse';
  const type = glueDatabase(catalog);
  const properties = { DatabaseInput: { Name: 'mart', LocationUri, Description: 'one' } };
  await type.create({ properties, generatedName: () => 'generated' } as never);
  await type.create({
    properties: { DatabaseInput: { ...properties.DatabaseInput, Description: 'two' } },
    generatedName: () => 'generated',
  } as never);
  catalog.close();
  open();
  const { Database } = await call('GetDatabase', { Name: 'mart' });
  expect(Database).toMatchObject({ Name: 'mart', LocationUri, Description: 'two' });
});

describe('tables', () => {
  test('are found in any case, kept in lower case, and survive a restart', async () => {
    await withTable();
    catalog.close();
    open();

    const { Table } = await call('GetTable', { DatabaseName: 'MART', Name: 'POSTS' });

    expect(Table).toMatchObject({ Name: 'posts', DatabaseName: 'mart', Parameters: { a: '1' }, VersionId: '0' });
  });

  test('are updated at the version that the caller has seen, by one of two at once', async () => {
    await withTable();
    const update = (a: string) =>
      call('UpdateTable', { DatabaseName: 'mart', VersionId: '0', TableInput: { Name: 'posts', Parameters: { a } } });

    const outcomes = await Promise.allSettled([update('2'), update('3')]);

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'ConcurrentModificationException' } });
    expect((await call('GetTable', table))['Table']).toMatchObject({ Parameters: { a: '2' }, VersionId: '1' });
  });

  test('keep their former versions, unless told not to', async () => {
    await withTable();
    const update = (input: JsonObject) =>
      call('UpdateTable', { DatabaseName: 'mart', TableInput: { Name: 'posts' }, ...input });
    await update({});
    await update({ SkipArchive: true });

    const { TableVersions } = await call('GetTableVersions', { DatabaseName: 'mart', TableName: 'posts' });

    expect((TableVersions as { VersionId: string }[]).map(({ VersionId }) => VersionId)).toEqual(['2', '0']);
  });

  test('come in pages, filtered by an expression', async () => {
    await withTable();
    for (const Name of ['b', 'c', 'pins']) await call('CreateTable', { DatabaseName: 'mart', TableInput: { Name } });
    const names = async (input: JsonObject) => {
      const { TableList, NextToken } = await call('GetTables', { DatabaseName: 'mart', ...input });
      return [(TableList as { Name: string }[]).map(({ Name }) => Name), NextToken];
    };

    expect(await names({ MaxResults: 3 })).toEqual([['b', 'c', 'pins'], '3']);
    expect(await names({ MaxResults: 3, NextToken: '3' })).toEqual([['posts'], undefined]);
    expect(await names({ Expression: 'p.*' })).toEqual([['pins', 'posts'], undefined]);
  });

  test.each([
    ['GetTable', { DatabaseName: 'mart', Name: 'x' }, 'EntityNotFoundException', 'Table x not found.'],
    ['GetTable', { DatabaseName: 'y', Name: 'x' }, 'EntityNotFoundException', 'Database y not found.'],
    [
      'CreateTable',
      { DatabaseName: 'mart', TableInput: { Name: 'posts' } },
      'AlreadyExistsException',
      'Table already exists.',
    ],
    ['CreateDatabase', { DatabaseInput: { Name: 'mart' } }, 'AlreadyExistsException', 'Database already exists.'],
    ['CreateTable', { DatabaseName: 'mart' }, 'InvalidInputException', 'TableInput must be given.'],
    ['SearchTables', {}, 'UnknownOperationException', 'The local Glue does not have the operation SearchTables.'],
  ])('%s %j is refused with %s', async (operation, input, code, message) => {
    await withTable();
    await expect(call(operation, input)).rejects.toMatchObject({ code, message });
  });

  test('go with their database', async () => {
    await withTable();
    await call('DeleteDatabase', { Name: 'mart' });
    await call('CreateDatabase', { DatabaseInput: { Name: 'mart' } });
    expect((await call('GetTables', { DatabaseName: 'mart' }))['TableList']).toEqual([]);
  });

  test('of a template keep their version while nothing changes', async () => {
    await withTable();
    catalog.putTable('mart', { Name: 'posts', Parameters: { a: '1' } });
    expect((await call('GetTable', table))['Table']).toMatchObject({ VersionId: '0' });
    catalog.putTable('mart', { Name: 'posts', Parameters: { a: '2' } });
    expect((await call('GetTable', table))['Table']).toMatchObject({ VersionId: '1', Parameters: { a: '2' } });
  });
});

describe('partitions', () => {
  const of = { DatabaseName: 'mart', TableName: 'posts' };
  const partitions = [{ Values: ['2026-01-01', '9'] }, { Values: ['2026-01-02', '10'] }, { Values: ["it's", '11'] }];
  const found = async (Expression: string) => {
    const { Partitions } = await call('GetPartitions', { ...of, Expression });
    return (Partitions as { Values: string[] }[]).map(({ Values }) => Values[1]).sort();
  };
  beforeEach(async () => {
    await withTable();
    await call('BatchCreatePartition', { ...of, PartitionInputList: partitions });
  });

  test.each([
    ["dt = '2026-01-01'", ['9']],
    ["dt >= '2026-01-02' AND n < 11", ['10']],
    ['n > 9 and NOT (n = 11)', ['10']],
    ["(dt = '2026-01-01') OR (n IN (11, 12))", ['11', '9']],
    ["dt BETWEEN '2026-01-01' AND '2026-01-02'", ['10', '9']],
    ["dt = 'it''s'", ['11']],
    ["n NOT IN (9) AND dt <> 'it''s'", ['10']],
    ['', ['10', '11', '9']],
  ])('are found by %s', async (expression, expected) => {
    expect(await found(expression)).toEqual(expected);
  });

  test.each(['nope = 1', 'dt LIKE 1', "dt = 'x' x", 'dt = (', 'dt ='])(
    'the expression %s is refused',
    async (expression) => {
      await expect(found(expression)).rejects.toMatchObject({ code: 'InvalidInputException' });
    },
  );

  test('tell one by one what is there already', async () => {
    const { Errors } = await call('BatchCreatePartition', {
      ...of,
      PartitionInputList: [partitions[0], { Values: ['2026-02-01', '1'] }],
    });

    expect(Errors).toEqual([
      {
        PartitionValues: ['2026-01-01', '9'],
        ErrorDetail: { ErrorCode: 'AlreadyExistsException', ErrorMessage: 'Partition already exists.' },
      },
    ]);
    expect(await found('')).toHaveLength(4);
  });

  test('are changed and deleted', async () => {
    const PartitionValueList = ['2026-01-01', '9'];
    await call('UpdatePartition', { ...of, PartitionValueList, PartitionInput: { Values: ['2026-01-03', '9'] } });
    await call('DeletePartition', { ...of, PartitionValues: ['2026-01-02', '10'] });

    const wanted = { ...of, PartitionsToGet: partitions.slice(0, 2).concat({ Values: ['2026-01-03', '9'] }) };
    const { Partitions } = await call('BatchGetPartition', wanted);
    expect(Partitions).toMatchObject([{ Values: ['2026-01-03', '9'] }]);
    await expect(call('GetPartition', { ...of, PartitionValues: ['2026-01-02', '10'] })).rejects.toMatchObject({
      code: 'EntityNotFoundException',
    });
  });
});

test.each([
  ['GetDatabases', {}, ['catalog', 'database/*']],
  ['GetTable', table, ['catalog', 'database/mart', 'table/mart/posts']],
  ['GetTables', { DatabaseName: 'mart' }, ['catalog', 'database/mart', 'table/mart/*']],
  ['CreateTable', { DatabaseName: 'mart', TableInput: { Name: 'T' } }, ['catalog', 'database/mart', 'table/mart/t']],
  ['GetPartitions', { DatabaseName: 'mart', TableName: 'posts' }, ['catalog', 'database/mart', 'table/mart/posts']],
])('%s needs its grant on each level', (operation, input, resources) => {
  expect(glue.access(operation, input)).toEqual(
    resources.map((resource) => ({
      action: `glue:${operation}`,
      resource: `arn:aws:glue:us-east-1:000000000000:${resource}`,
    })),
  );
});
