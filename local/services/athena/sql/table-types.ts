import { StatementError } from './reader.ts';

/** Hive's name of a type -> Trino's. https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
const TYPES: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  tinyint: 'tinyint',
  smallint: 'smallint',
  int: 'integer',
  integer: 'integer',
  bigint: 'bigint',
  long: 'bigint',
  float: 'real',
  real: 'real',
  double: 'double',
  string: 'varchar',
  varchar: 'varchar',
  binary: 'varbinary',
  date: 'date',
  timestamp: 'timestamp(6)',
  timestamptz: 'timestamp(6) with time zone',
  uuid: 'uuid',
};

/** A column's type as Hive writes it (`array<struct<a:int>>`) in Trino's words. @throws StatementError */
export function trinoType(hive: string): string {
  const type = hive.replace(/\s+/g, '').toLowerCase();
  const [, outer, inner] = /^(array|map|struct)<(.*)>$/.exec(type) ?? [];
  if (outer === undefined) {
    if (/^(decimal|varchar|char)\([\d,]+\)$/.test(type)) return type;
    const found = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
    if (found === undefined)
      throw new StatementError(`The type ${hive} is not known for a column of an Iceberg table.`);
    return found;
  }
  const parts = split(inner!);
  if (outer !== 'struct') return `${outer}(${parts.map(trinoType).join(', ')})`;
  const fields = parts.map((field) => {
    const colon = field.indexOf(':');
    return `"${field.slice(0, colon)}" ${trinoType(field.slice(colon + 1))}`;
  });
  return `row(${fields.join(', ')})`;
}

/** At the commas outside of brackets. */
function split(list: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of list) {
    if ('<('.includes(character)) depth += 1;
    if ('>)'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
