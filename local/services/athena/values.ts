import type { TrinoColumn, TypeArgument, TypeSignature } from '../../engines/trino/client.ts';
import type { JsonObject } from '../service.ts';

/** A value as `VarCharValue` and the result's file have it; null is null. */
export function textOf(value: unknown, type: TypeSignature): string | null {
  if (value === null) return null;
  switch (type.rawType) {
    case 'double':
    case 'real':
      return typeof value === 'number' ? javaDouble(value) : String(value);
    case 'timestamp':
    case 'timestamp with time zone':
      return String(value).replace(/:(\d\d)(?:\.(\d+))?( |$)/, (_, seconds, fraction = '', end) => {
        return `:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${end}`;
      });
    case 'varbinary':
      return [...Buffer.from(String(value), 'base64')].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    case 'array': {
      const element = signature(type.arguments[0]);
      return `[${(value as unknown[]).map((one) => inner(one, element)).join(', ')}]`;
    }
    case 'map': {
      const [key, item] = [signature(type.arguments[0]), signature(type.arguments[1])];
      const pairs = Object.entries(value as object).map(([name, one]) => `${inner(name, key)}=${inner(one, item)}`);
      return `{${pairs.join(', ')}}`;
    }
    case 'row': {
      const fields = (value as unknown[]).map((one, i) => {
        const { name, type: field } = namedField(type.arguments[i], i);
        return `${name}=${inner(one, field)}`;
      });
      return `{${fields.join(', ')}}`;
    }
    default:
      return String(value);
  }
}

const inner = (value: unknown, type: TypeSignature): string => textOf(value, type) ?? 'null';

function signature(argument: TypeArgument | undefined): TypeSignature {
  return argument!.value as TypeSignature;
}

function namedField(argument: TypeArgument | undefined, index: number): { name: string; type: TypeSignature } {
  const { fieldName, typeSignature } = argument!.value as {
    fieldName?: { name: string };
    typeSignature: TypeSignature;
  };
  return { name: fieldName?.name ?? `field${index}`, type: typeSignature };
}

/** As Java writes it: `1.0`, `1.0E10`. */
function javaDouble(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits, exponent] = value.toExponential().split('e');
  return `${digits!.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}

/** Type -> its precision. */
const PRECISION: Readonly<Record<string, number>> = {
  boolean: 0,
  tinyint: 3,
  smallint: 5,
  integer: 10,
  bigint: 19,
  real: 17,
  double: 17,
  varchar: 2_147_483_647,
  timestamp: 3,
  'timestamp with time zone': 3,
};

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html */
export function columnInfo({ name, typeSignature: { rawType, arguments: given } }: TrinoColumn): JsonObject {
  const [first, second] = given.map(({ kind, value }) => (kind === 'LONG' ? Number(value) : undefined));
  const sized = rawType === 'decimal' || rawType === 'char' || rawType === 'varchar';
  return {
    CatalogName: 'hive',
    SchemaName: '',
    TableName: '',
    Name: name,
    Label: name,
    Type: rawType === 'real' ? 'float' : rawType,
    Precision: (sized ? first : undefined) ?? PRECISION[rawType] ?? 0,
    Scale: rawType === 'decimal' ? (second ?? 0) : 0,
    Nullable: 'UNKNOWN',
    CaseSensitive: rawType === 'varchar' || rawType === 'char',
  };
}
