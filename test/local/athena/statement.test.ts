import { describe, expect, test } from '@jest/globals';
import { readStatement } from '../../../local/services/athena/sql/statement.ts';

const context = { database: 'mart', tablesLocation: 's3://results/tables/id/' };
const read = (sql: string) => readStatement(sql, context);
const statements = (sql: string) => {
  const { work } = read(sql);
  if (work.engine !== 'trino') throw new Error('not for Trino');
  return work.statements;
};

describe('what Trino understands goes as it is', () => {
  test.each([
    ['SELECT \';\' -- ; \n, "a;b" FROM t', 'DML', 'SELECT'],
    ['with x as (select 1) select * from x', 'DML', 'SELECT'],
    ['INSERT INTO t VALUES 1', 'DML', 'INSERT'],
    ['merge into t using s on a = b when matched then delete', 'DML', 'MERGE'],
    ['EXPLAIN (TYPE LOGICAL) SELECT 1', 'UTILITY', 'EXPLAIN'],
  ])('%s', (sql, type, kind) => {
    expect(read(`${sql} ;  `)).toMatchObject({ type, kind, work: { statements: [sql] } });
  });
});

describe('what only Athena has is translated', () => {
  test.each([
    ['OPTIMIZE t REWRITE DATA USING BIN_PACK', ['ALTER TABLE iceberg."mart"."t" EXECUTE optimize ']],
    [
      "OPTIMIZE db.t REWRITE DATA USING BIN_PACK WHERE dt = '1'",
      ['ALTER TABLE iceberg."db"."t" EXECUTE optimize WHERE dt = \'1\''],
    ],
    [
      'vacuum t',
      [
        'ALTER TABLE iceberg."mart"."t" EXECUTE expire_snapshots(retention_threshold => \'5d\')',
        'ALTER TABLE iceberg."mart"."t" EXECUTE remove_orphan_files(retention_threshold => \'3d\')',
      ],
    ],
    ['MSCK REPAIR TABLE `t`', ["CALL awsdatacatalog.system.sync_partition_metadata('mart', 't', 'ADD')"]],
    ['DROP TABLE IF EXISTS `db`.`T`', ['DROP TABLE IF EXISTS awsdatacatalog."db"."t"']],
    [
      "CREATE TABLE t WITH (table_type = 'iceberg', is_external = false, location = 's3://b/t', partitioning = ARRAY['a', 'day(b)']) AS SELECT 1 a",
      [
        "CREATE TABLE iceberg.\"mart\".\"t\" WITH (location = 's3://b/t', partitioning = ARRAY['a', 'day(b)'], format = 'PARQUET', format_version = 2) AS SELECT 1 a",
      ],
    ],
    [
      'CREATE TABLE t AS SELECT 1 a',
      [
        'CREATE TABLE awsdatacatalog."mart"."t" WITH (external_location = \'s3://results/tables/id/\', format = \'PARQUET\') AS SELECT 1 a',
      ],
    ],
    [
      "CREATE TABLE IF NOT EXISTS t (`A` string COMMENT 'it''s', b map<string,array<int>>, c struct<x:double, y:decimal(10, 2)>, d timestamp) PARTITIONED BY (a, bucket(16, b), day(d)) LOCATION 's3://b/t/' TBLPROPERTIES ('table_type'='ICEBERG', 'format'='orc')",
      [
        'CREATE TABLE IF NOT EXISTS iceberg."mart"."t" ("a" varchar COMMENT \'it\'\'s\', "b" map(varchar, array(integer)), "c" row("x" double, "y" decimal(10,2)), "d" timestamp(6)) WITH (format_version = 2, location = \'s3://b/t/\', partitioning = ARRAY[\'a\', \'bucket(b, 16)\', \'day(d)\'], format = \'ORC\')',
      ],
    ],
  ])('%s', (sql, expected) => {
    expect(statements(sql)).toEqual(expected);
  });

  test('CREATE EXTERNAL TABLE becomes a call of Glue', () => {
    const { work } = read(`
      CREATE EXTERNAL TABLE IF NOT EXISTS db.logs (\`A\` string, b struct<x:int,y:array<string>> COMMENT 'nested')
      COMMENT 'lines' PARTITIONED BY (dt string, n int)
      ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true')
      STORED AS TEXTFILE LOCATION 's3://b/logs/' TBLPROPERTIES ('projection.enabled' = 'true')`);

    expect(work).toMatchObject({
      engine: 'glue',
      operation: 'CreateTable',
      ignored: 'AlreadyExistsException',
      input: {
        DatabaseName: 'db',
        TableInput: {
          Name: 'logs',
          Description: 'lines',
          TableType: 'EXTERNAL_TABLE',
          PartitionKeys: [
            { Name: 'dt', Type: 'string' },
            { Name: 'n', Type: 'int' },
          ],
          Parameters: { EXTERNAL: 'TRUE', 'projection.enabled': 'true' },
          StorageDescriptor: {
            Columns: [
              { Name: 'a', Type: 'string' },
              { Name: 'b', Type: 'struct<x:int,y:array<string>>', Comment: 'nested' },
            ],
            Location: 's3://b/logs/',
            SerdeInfo: {
              SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
              Parameters: { 'ignore.malformed.json': 'true' },
            },
          },
        },
      },
    });
  });
});

test.each([
  ["UNLOAD (SELECT 1) TO 's3://x'", 'UNLOAD is not supported by the local Athena.'],
  ['ALTER TABLE t ADD COLUMNS (a int)', 'ALTER is not supported by the local Athena.'],
  ['SHOW CREATE TABLE t', 'SHOW CREATE TABLE is not supported by the local Athena.'],
  ['GRANT x TO y', 'GRANT is not supported by the local Athena.'],
  ['SELECT 1; SELECT 2', 'Only one sql statement is allowed.'],
  ["SELECT 'x", "line 1: a quote ' has no end"],
  ['DROP TABLE other.db.t', 'There is no catalog other; there is AwsDataCatalog.'],
  ['DROP DATABASE d', 'DROP DATABASE d takes its tables along: say CASCADE.'],
  [
    'CREATE TABLE t (a int)',
    "CREATE TABLE makes Iceberg tables only: add TBLPROPERTIES ('table_type' = 'ICEBERG'), or EXTERNAL.",
  ],
  [
    "CREATE TABLE t (a uint8) LOCATION 's3://x/y' TBLPROPERTIES ('table_type'='ICEBERG')",
    'The type uint8 is not known for a column of an Iceberg table.',
  ],
  [
    "CREATE TABLE t WITH (table_type='ICEBERG', location='s3://x/y', bucket_count = 3) AS SELECT 1 a",
    'The table property bucket_count is not supported here.',
  ],
  ['CREATE EXTERNAL TABLE t (a int)\nCLUSTERED BY (a)', /^line 2:1: COMMENT, .* is expected, not 'CLUSTERED'$/],
])('%s is refused by name', (sql, message) => {
  expect(() => read(sql)).toThrow(message);
});
