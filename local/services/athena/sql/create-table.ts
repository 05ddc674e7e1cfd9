import type { JsonObject } from '../../service.ts';
import type { SqlReader } from './reader.ts';
import { literal, quoted, StatementError, type TableName } from './reader.ts';
import { trinoType } from './table-types.ts';

interface Column {
  readonly Name: string;
  readonly Type: string;
  readonly Comment?: string;
}

interface Definition {
  readonly columns: readonly Column[];
  readonly comment: string | undefined;
  /** As written, for Iceberg's transforms. */
  readonly partitioning: readonly string[];
  readonly partitionColumns: readonly Column[];
  readonly serde: { readonly library: string; readonly parameters: Readonly<Record<string, string>> } | undefined;
  readonly storedAs: Storage | undefined;
  readonly location: string | undefined;
  readonly properties: Readonly<Record<string, string>>;
}

interface Storage {
  readonly serde: string;
  readonly input: string;
  readonly output: string;
}

const TEXT: Storage = {
  serde: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
  input: 'org.apache.hadoop.mapred.TextInputFormat',
  output: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
};

const FORMATS: Readonly<Record<string, Storage>> = {
  TEXTFILE: TEXT,
  PARQUET: {
    serde: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    input: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    output: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  },
  ORC: {
    serde: 'org.apache.hadoop.hive.ql.io.orc.OrcSerde',
    input: 'org.apache.hadoop.hive.ql.io.orc.OrcInputFormat',
    output: 'org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat',
  },
};

/**
 * The input of Glue's CreateTable, from what follows the name in `CREATE EXTERNAL TABLE name`.
 * https://docs.aws.amazon.com/athena/latest/ug/create-table.html
 */
export function externalTable(reader: SqlReader, { database, table }: TableName): JsonObject {
  const definition = readDefinition(reader);
  const { columns, comment, partitionColumns, serde, storedAs = TEXT, location, properties } = definition;
  if (location === undefined) throw new StatementError('An external table needs a LOCATION.');
  return {
    DatabaseName: database,
    TableInput: {
      Name: table,
      ...(comment === undefined ? {} : { Description: comment }),
      TableType: 'EXTERNAL_TABLE',
      PartitionKeys: partitionColumns,
      Parameters: { EXTERNAL: 'TRUE', ...properties },
      StorageDescriptor: {
        Columns: columns,
        Location: location,
        InputFormat: storedAs.input,
        OutputFormat: storedAs.output,
        Compressed: false,
        SerdeInfo: {
          SerializationLibrary: serde?.library ?? storedAs.serde,
          Parameters: { 'serialization.format': '1', ...serde?.parameters },
        },
      },
    },
  };
}

const ICEBERG_PROPERTIES: Readonly<Record<string, (value: string) => string | undefined>> = {
  table_type: () => undefined,
  format: (value) => `format = ${literal(value.toUpperCase())}`,
  // The default compression of the engine is read as well as any other.
  write_compression: () => undefined,
  vacuum_max_snapshot_age_seconds: () => undefined,
  vacuum_min_snapshots_to_keep: () => undefined,
  optimize_rewrite_delete_file_threshold: () => undefined,
};

/**
 * Trino's statement for what follows the name in `CREATE TABLE name`, which must be an Iceberg table.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html
 */
export function icebergTable(reader: SqlReader, name: string, ifNotExists: boolean): { sql: string; location: string } {
  const { columns, comment, partitioning, serde, storedAs, location, properties } = readDefinition(reader);
  if (properties['table_type']?.toUpperCase() !== 'ICEBERG') {
    throw new StatementError(
      "CREATE TABLE makes Iceberg tables only: add TBLPROPERTIES ('table_type' = 'ICEBERG'), or EXTERNAL.",
    );
  }
  if (location === undefined) throw new StatementError('An Iceberg table needs a LOCATION.');
  if (serde !== undefined || storedAs !== undefined)
    throw new StatementError('An Iceberg table has no ROW FORMAT and no STORED AS.');
  const settings = [
    'format_version = 2',
    `location = ${literal(location)}`,
    ...(partitioning.length > 0
      ? [`partitioning = ARRAY[${partitioning.map(transform).map(literal).join(', ')}]`]
      : []),
  ];
  for (const [key, value] of Object.entries(properties)) {
    const known = Object.hasOwn(ICEBERG_PROPERTIES, key) ? ICEBERG_PROPERTIES[key] : undefined;
    if (known === undefined)
      throw new StatementError(`The table property ${key} is not supported here for an Iceberg table.`);
    const setting = known(value);
    if (setting !== undefined) settings.push(setting);
  }
  const declared = columns.map(
    ({ Name, Type, Comment }) =>
      `${quoted(Name)} ${trinoType(Type)}${Comment === undefined ? '' : ` COMMENT ${literal(Comment)}`}`,
  );
  const described = comment === undefined ? '' : ` COMMENT ${literal(comment)}`;
  const sql = `CREATE TABLE ${ifNotExists ? 'IF NOT EXISTS ' : ''}${name} (${declared.join(', ')})${described} WITH (${settings.join(', ')})`;
  return { sql, location };
}

/** Athena writes `bucket(16, id)`, Trino `bucket(id, 16)`. */
function transform(written: string): string {
  const text = written.replaceAll('`', '').trim();
  const [, name, size, column] = /^(bucket|truncate)\s*\(\s*(\d+)\s*,\s*(\w+)\s*\)$/i.exec(text) ?? [];
  return name === undefined ? text.toLowerCase() : `${name.toLowerCase()}(${column!.toLowerCase()}, ${size})`;
}

function readDefinition(reader: SqlReader): Definition {
  const columns = reader.sees('(') ? reader.list(() => column(reader)) : [];
  let comment: string | undefined;
  let partitioning: string[] = [];
  let serde: Definition['serde'];
  let storedAs: Definition['storedAs'];
  let location: string | undefined;
  let properties: Record<string, string> = {};
  while (!reader.ended) {
    if (reader.accept('COMMENT')) comment = reader.text();
    else if (reader.accept('PARTITIONED', 'BY')) partitioning = reader.list(() => reader.until(',', ')'));
    else if (reader.accept('ROW', 'FORMAT', 'SERDE')) {
      const library = reader.text();
      serde = { library, parameters: reader.accept('WITH', 'SERDEPROPERTIES') ? readProperties(reader) : {} };
    } else if (reader.accept('ROW', 'FORMAT', 'DELIMITED')) serde = delimited(reader);
    else if (reader.accept('STORED', 'AS', 'INPUTFORMAT')) {
      const input = reader.text();
      reader.expect('OUTPUTFORMAT');
      storedAs = { serde: TEXT.serde, input, output: reader.text() };
    } else if (reader.accept('STORED', 'AS')) {
      const format = reader.word();
      storedAs = FORMATS[format.toUpperCase()];
      if (storedAs === undefined) throw new StatementError(`STORED AS ${format} is not supported here.`);
    } else if (reader.accept('LOCATION')) location = reader.text();
    else if (reader.accept('TBLPROPERTIES')) properties = readProperties(reader);
    else throw reader.unexpected('COMMENT, PARTITIONED BY, ROW FORMAT, STORED AS, LOCATION or TBLPROPERTIES');
  }
  const partitionColumns = partitioning.flatMap((written) => {
    const [, name, type] = /^\s*`?(\w+)`?\s+([\w<>(),:\s]+?)(?:\s+COMMENT\s+'.*')?\s*$/is.exec(written) ?? [];
    return name === undefined ? [] : [{ Name: name.toLowerCase(), Type: type!.toLowerCase() }];
  });
  return { columns, comment, partitioning, partitionColumns, serde, storedAs, location, properties };
}

function column(reader: SqlReader): Column {
  const Name = reader.name();
  const Type = reader.until(',', ')', 'COMMENT').replace(/\s+/g, '').replaceAll('`', '').toLowerCase();
  return { Name, Type, ...(reader.accept('COMMENT') ? { Comment: reader.text() } : {}) };
}

export function readProperties(reader: SqlReader): Record<string, string> {
  const pairs = reader.list(() => {
    const key = reader.text();
    reader.expect('=');
    return [key, reader.text()] as const;
  });
  return Object.fromEntries(pairs);
}

/** https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html */
function delimited(reader: SqlReader): NonNullable<Definition['serde']> {
  const parameters: Record<string, string> = {};
  for (;;) {
    if (reader.accept('FIELDS', 'TERMINATED', 'BY')) parameters['field.delim'] = unescaped(reader.text());
    else if (reader.accept('ESCAPED', 'BY')) parameters['escape.delim'] = unescaped(reader.text());
    else if (reader.accept('COLLECTION', 'ITEMS', 'TERMINATED', 'BY'))
      parameters['collection.delim'] = unescaped(reader.text());
    else if (reader.accept('MAP', 'KEYS', 'TERMINATED', 'BY')) parameters['mapkey.delim'] = unescaped(reader.text());
    else if (reader.accept('LINES', 'TERMINATED', 'BY')) parameters['line.delim'] = unescaped(reader.text());
    else if (reader.accept('NULL', 'DEFINED', 'AS')) parameters['serialization.null.format'] = reader.text();
    else break;
  }
  return { library: TEXT.serde, parameters };
}

const unescaped = (text: string): string =>
  text.replace(/\\(t|n|\\|\d{3})/g, (_, code: string) =>
    code === 't' ? '\t' : code === 'n' ? '\n' : code === '\\' ? '\\' : String.fromCharCode(Number.parseInt(code, 8)),
  );
