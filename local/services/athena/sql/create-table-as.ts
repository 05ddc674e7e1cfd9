import { literal, quoted, type SqlReader, StatementError, type TableName } from './reader.ts';
import type { Statement, StatementContext } from './statement.ts';

/** Athena's table property -> Trino's, or undefined for what makes no difference here. */
const ICEBERG: Readonly<Record<string, string | undefined>> = {
  table_type: undefined,
  is_external: undefined,
  location: 'location',
  format: 'format',
  partitioning: 'partitioning',
  write_compression: undefined,
  vacuum_max_snapshot_age_seconds: undefined,
  vacuum_min_snapshots_to_keep: undefined,
};
const HIVE: Readonly<Record<string, string | undefined>> = {
  table_type: undefined,
  is_external: undefined,
  external_location: 'external_location',
  format: 'format',
  partitioned_by: 'partitioned_by',
  bucketed_by: 'bucketed_by',
  bucket_count: 'bucket_count',
  write_compression: undefined,
  parquet_compression: undefined,
  orc_compression: undefined,
};

/**
 * What follows the name in `CREATE TABLE name WITH (…) AS query`.
 * https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html
 */
export function createTableAs(
  reader: SqlReader,
  { database, table }: TableName,
  ifNotExists: boolean,
  { tablesLocation }: StatementContext,
): Statement {
  const given = new Map(
    reader.accept('WITH')
      ? reader.list(() => {
          const name = reader.name();
          reader.expect('=');
          return [name, reader.until(',', ')')] as const;
        })
      : [],
  );
  reader.expect('AS');
  const query = reader.rest();
  const iceberg = unquoted(given.get('table_type'))?.toUpperCase() === 'ICEBERG';
  const known = iceberg ? ICEBERG : HIVE;
  const settings = new Map<string, string>();
  for (const [name, value] of given) {
    if (!Object.hasOwn(known, name)) throw new StatementError(`The table property ${name} is not supported here.`);
    const setting = known[name];
    if (setting !== undefined) settings.set(setting, value);
  }
  const place = iceberg ? 'location' : 'external_location';
  if (iceberg && !settings.has(place)) throw new StatementError('An Iceberg table needs a location.');
  const location = unquoted(settings.get(place)) ?? tablesLocation;
  settings.set(place, literal(location));
  if (!settings.has('format')) settings.set('format', literal('PARQUET'));
  if (iceberg) settings.set('format_version', '2');
  const name = `${iceberg ? 'iceberg' : 'awsdatacatalog'}.${quoted(database)}.${quoted(table)}`;
  const settled = [...settings].map(([key, value]) => `${key} = ${value}`).join(', ');
  const sql = `CREATE TABLE ${ifNotExists ? 'IF NOT EXISTS ' : ''}${name} WITH (${settled}) AS ${query}`;
  return {
    type: 'DDL',
    kind: 'CREATE_TABLE_AS_SELECT',
    work: {
      engine: 'trino',
      statements: [sql],
      uses: [{ database, table, use: 'create', location }],
      planned: { sql: withoutData(query), writes: 'write' },
    },
  };
}

const unquoted = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : /^'(.*)'$/s.exec(value.trim())?.[1]?.replaceAll("''", "'");

/** The query without `WITH [NO] DATA`. */
const withoutData = (query: string): string => query.replace(/\sWITH\s+(NO\s+)?DATA\s*$/i, '');
