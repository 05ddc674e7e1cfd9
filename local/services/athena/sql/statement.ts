import type { JsonObject } from '../../service.ts';
import { externalTable, icebergTable, readProperties } from './create-table.ts';
import { createTableAs } from './create-table-as.ts';
import { literal, quoted, SqlReader, StatementError, type TableName } from './reader.ts';

/** What a statement does to a table, so what its caller must be allowed. */
export interface TableUse extends TableName {
  readonly use: 'read' | 'write' | 'delete' | 'create' | 'drop' | 'describe';
  /** Of a table that is made. */
  readonly location?: string;
}

/** How an Athena statement is run. */
export interface Statement {
  readonly type: 'DML' | 'DDL' | 'UTILITY';
  /** As in `SubstatementType`. */
  readonly kind: string;
  readonly work: TrinoWork | GlueWork;
}

export interface TrinoWork {
  readonly engine: 'trino';
  /** One after the other; the rows of the last are the result. */
  readonly statements: readonly string[];
  /** Uses that are known from the words. */
  readonly uses: readonly TableUse[];
  /** A statement whose plan says which further tables are read and written, and what it does to those written. */
  readonly planned?: { readonly sql: string; readonly writes: TableUse['use'] };
  /** Databases whose tables are listed. */
  readonly lists?: string;
}

export interface GlueWork {
  readonly engine: 'glue';
  readonly operation: string;
  readonly input: JsonObject;
  /** An error of Glue that is no error of the statement: IF EXISTS, IF NOT EXISTS. */
  readonly ignored?: string;
}

export interface StatementContext {
  readonly database: string;
  /** Where the data of a `CREATE TABLE AS` goes that names no place. */
  readonly tablesLocation: string;
}

/** Statements that Athena has and this one does not, by their first words. */
const REFUSED = [
  ['UNLOAD'],
  ['PREPARE'],
  ['EXECUTE'],
  ['DEALLOCATE'],
  ['ALTER'],
  ['SHOW', 'CREATE', 'TABLE'],
  ['SHOW', 'TBLPROPERTIES'],
];

/**
 * Reads an Athena statement: what Trino understands goes as it is, what only Athena has is put into Trino's words or done
 * in the catalog, and what is left is refused by name.
 * https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html
 *
 * @throws StatementError
 */
export function readStatement(sql: string, context: StatementContext): Statement {
  const reader = new SqlReader(sql);
  const { database } = context;
  for (const words of REFUSED) {
    if (reader.sees(...words)) throw new StatementError(`${words.join(' ')} is not supported by the local Athena.`);
  }
  if (['SELECT', 'WITH', 'VALUES', '(', 'TABLE'].some((word) => reader.sees(word)))
    return planned('DML', 'SELECT', reader.sql);
  for (const [word, writes] of [
    ['INSERT', 'write'],
    ['MERGE', 'delete'],
    ['UPDATE', 'delete'],
    ['DELETE', 'delete'],
  ] as const) {
    if (reader.sees(word)) return planned('DML', word, reader.sql, writes);
  }
  if (reader.accept('EXPLAIN')) return explain(reader);
  if (reader.accept('SHOW')) return show(reader, database);
  if (reader.accept('DESCRIBE') || reader.accept('DESC')) return describe(reader, database);
  if (reader.accept('CREATE')) return create(reader, context);
  if (reader.accept('DROP')) return drop(reader, database);
  if (reader.accept('MSCK', 'REPAIR', 'TABLE')) {
    const table = reader.tableName(database);
    reader.expectEnd();
    const call = `CALL awsdatacatalog.system.sync_partition_metadata(${literal(table.database)}, ${literal(table.table)}, 'ADD')`;
    return trino('DDL', 'MSCK_REPAIR_TABLE', [call], [{ ...table, use: 'write' }]);
  }
  if (reader.accept('OPTIMIZE')) {
    const table = reader.tableName(database);
    reader.expect('REWRITE', 'DATA', 'USING', 'BIN_PACK');
    const where = reader.rest();
    return trino(
      'DML',
      'OPTIMIZE',
      [`ALTER TABLE ${iceberg(table)} EXECUTE optimize ${where}`],
      [{ ...table, use: 'delete' }],
    );
  }
  if (reader.accept('VACUUM')) {
    const table = reader.tableName(database);
    reader.expectEnd();
    // Athena keeps snapshots, and files that no snapshot has, for five and three days.
    const run = (procedure: string, kept: string) =>
      `ALTER TABLE ${iceberg(table)} EXECUTE ${procedure}(retention_threshold => ${literal(kept)})`;
    const statements = [run('expire_snapshots', '5d'), run('remove_orphan_files', '3d')];
    return trino('DML', 'VACUUM', statements, [{ ...table, use: 'delete' }]);
  }
  throw new StatementError(
    `${reader.ended ? 'An empty statement' : reader.sql.split(/\s/, 1)[0]!.toUpperCase()} is not supported by the local Athena.`,
  );
}

function planned(type: Statement['type'], kind: string, sql: string, writes: TableUse['use'] = 'write'): Statement {
  return { type, kind, work: { engine: 'trino', statements: [sql], uses: [], planned: { sql, writes } } };
}

function trino(
  type: Statement['type'],
  kind: string,
  statements: readonly string[],
  uses: readonly TableUse[],
  lists?: string,
): Statement {
  return { type, kind, work: { engine: 'trino', statements, uses, ...(lists === undefined ? {} : { lists }) } };
}

function glue(kind: string, operation: string, input: JsonObject, ignored?: string): Statement {
  return {
    type: 'DDL',
    kind,
    work: { engine: 'glue', operation, input, ...(ignored === undefined ? {} : { ignored }) },
  };
}

/** Iceberg tables are made and maintained in the catalog of their connector. */
const iceberg = ({ database, table }: TableName): string => `iceberg.${quoted(database)}.${quoted(table)}`;
const plain = ({ database, table }: TableName): string => `awsdatacatalog.${quoted(database)}.${quoted(table)}`;

function explain(reader: SqlReader): Statement {
  reader.accept('ANALYZE');
  reader.accept('VERBOSE');
  if (reader.sees('(')) reader.list(() => reader.until(',', ')'));
  const inner = reader.rest();
  const { work } = readStatement(inner, { database: '', tablesLocation: '' });
  if (work.engine !== 'trino' || work.planned === undefined) throw new StatementError('EXPLAIN takes a query.');
  return { type: 'UTILITY', kind: 'EXPLAIN', work: { ...work, statements: [reader.sql] } };
}

function show(reader: SqlReader, database: string): Statement {
  const from = () => (reader.accept('IN') || reader.accept('FROM') ? reader.name() : database);
  const pattern = (column: string) => {
    reader.accept('LIKE');
    if (reader.ended) return '';
    // Of Hive: * is any text, | is or.
    const expression = reader.text().replace(/\./g, '\\.').replaceAll('*', '.*');
    return ` AND regexp_like(${column}, ${literal(`^(?:${expression})$`)})`;
  };
  if (reader.accept('DATABASES') || reader.accept('SCHEMAS')) {
    const sql = `SELECT schema_name AS database_name FROM awsdatacatalog.information_schema.schemata WHERE schema_name <> 'information_schema'${pattern('schema_name')} ORDER BY 1`;
    return trino('UTILITY', 'SHOW_DATABASES', [sql], [], '*');
  }
  if (reader.accept('TABLES')) {
    const schema = from();
    const sql = `SELECT table_name AS tab_name FROM awsdatacatalog.information_schema.tables WHERE table_schema = ${literal(schema)}${pattern('table_name')} ORDER BY 1`;
    return trino('UTILITY', 'SHOW_TABLES', [sql], [], schema);
  }
  if (reader.accept('COLUMNS')) {
    if (!reader.accept('IN')) reader.expect('FROM');
    const named = reader.tableName(database);
    const table = { ...named, database: reader.accept('IN') || reader.accept('FROM') ? reader.name() : named.database };
    reader.expectEnd();
    return trino(
      'UTILITY',
      'SHOW_COLUMNS',
      [columnsOf(table, 'column_name AS field')],
      [{ ...table, use: 'describe' }],
    );
  }
  if (reader.accept('PARTITIONS')) {
    const table = reader.tableName(database);
    reader.expectEnd();
    const sql = `SELECT * FROM awsdatacatalog.${quoted(table.database)}.${quoted(`${table.table}$partitions`)}`;
    return trino('UTILITY', 'SHOW_PARTITIONS', [sql], [{ ...table, use: 'describe' }]);
  }
  if (reader.accept('CREATE', 'VIEW')) {
    const table = reader.tableName(database);
    reader.expectEnd();
    return trino('UTILITY', 'SHOW_CREATE_VIEW', [`SHOW CREATE VIEW ${plain(table)}`], [{ ...table, use: 'describe' }]);
  }
  throw reader.unexpected('DATABASES, TABLES, COLUMNS, PARTITIONS or CREATE VIEW');
}

function describe(reader: SqlReader, database: string): Statement {
  reader.accept('EXTENDED');
  reader.accept('FORMATTED');
  const table = reader.tableName(database);
  reader.expectEnd();
  const sql = columnsOf(table, "column_name AS col_name, data_type, coalesce(comment, '') AS comment");
  return trino('UTILITY', 'DESCRIBE_TABLE', [sql], [{ ...table, use: 'describe' }]);
}

const columnsOf = ({ database, table }: TableName, selected: string): string =>
  `SELECT ${selected} FROM awsdatacatalog.information_schema.columns WHERE table_schema = ${literal(database)} AND table_name = ${literal(table)} ORDER BY ordinal_position`;

function create(reader: SqlReader, context: StatementContext): Statement {
  const { database } = context;
  const ifNotExists = () => reader.accept('IF', 'NOT', 'EXISTS');
  if (reader.accept('DATABASE') || reader.accept('SCHEMA')) {
    const ignored = ifNotExists() ? 'AlreadyExistsException' : undefined;
    const input: Record<string, unknown> = { Name: reader.name() };
    if (reader.accept('COMMENT')) input['Description'] = reader.text();
    if (reader.accept('LOCATION')) input['LocationUri'] = reader.text();
    if (reader.accept('WITH', 'DBPROPERTIES')) input['Parameters'] = readProperties(reader);
    reader.expectEnd();
    return glue('CREATE_DATABASE', 'CreateDatabase', { DatabaseInput: input }, ignored);
  }
  if (reader.accept('EXTERNAL', 'TABLE')) {
    const ignored = ifNotExists() ? 'AlreadyExistsException' : undefined;
    const input = externalTable(reader, reader.tableName(database));
    return glue('CREATE_TABLE', 'CreateTable', input, ignored);
  }
  if (reader.accept('TABLE')) {
    const optional = ifNotExists();
    const table = reader.tableName(database);
    if (reader.sees('WITH') || reader.sees('AS')) return createTableAs(reader, table, optional, context);
    const { sql, location } = icebergTable(reader, iceberg(table), optional);
    return trino('DDL', 'CREATE_TABLE', [sql], [{ ...table, use: 'create', location }]);
  }
  const replace = reader.accept('OR', 'REPLACE');
  if (reader.accept('VIEW')) {
    const view = reader.tableName(database);
    reader.expect('AS');
    const query = reader.rest();
    const sql = `CREATE ${replace ? 'OR REPLACE ' : ''}VIEW ${plain(view)} AS ${query}`;
    const work = { engine: 'trino', statements: [sql], uses: [{ ...view, use: 'create' }] } as const;
    return { type: 'DDL', kind: 'CREATE_VIEW', work: { ...work, planned: { sql: query, writes: 'write' } } };
  }
  throw reader.unexpected('DATABASE, TABLE, EXTERNAL TABLE or VIEW');
}

function drop(reader: SqlReader, database: string): Statement {
  const ifExists = () => reader.accept('IF', 'EXISTS');
  if (reader.accept('DATABASE') || reader.accept('SCHEMA')) {
    const ignored = ifExists() ? 'EntityNotFoundException' : undefined;
    const Name = reader.name();
    if (!reader.accept('CASCADE')) {
      throw new StatementError(`DROP DATABASE ${Name} takes its tables along: say CASCADE.`);
    }
    reader.expectEnd();
    return glue('DROP_DATABASE', 'DeleteDatabase', { Name }, ignored);
  }
  const what = reader.accept('VIEW') ? 'VIEW' : 'TABLE';
  if (what === 'TABLE') reader.expect('TABLE');
  const optional = ifExists();
  const table = reader.tableName(database);
  reader.expectEnd();
  const sql = `DROP ${what} ${optional ? 'IF EXISTS ' : ''}${plain(table)}`;
  return trino('DDL', `DROP_${what}`, [sql], [{ ...table, use: 'drop' }]);
}
