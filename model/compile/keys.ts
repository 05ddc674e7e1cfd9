import { createHash } from 'node:crypto';
import { type Dimension, unknown } from '../metrics/metric.ts';

/** Longer texts are shortened in both layers: the keys of DynamoDB have 1,024 bytes at most. */
export const maxTextBytes = 160;
const keptCharacters = 32;
const hashDigits = 16;
/** Of 2^53 - 1. */
const numberDigits = 16;
const separator = '|';

/** The whole of a bounded set has one counter: this is its member. */
const allMembers = '*';

/** A text that fits into keys: itself, or its first characters and a hash. */
export function keyText(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxTextBytes) return text;
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, hashDigits);
  return `${[...text].slice(0, keptCharacters).join('')}~${hash}`;
}

/** The same in SQL, of an expression that may be null. */
export const keyTextSql = (sql: string): string =>
  `CASE WHEN length(to_utf8(${sql})) > ${maxTextBytes} ` +
  `THEN substr(${sql}, 1, ${keptCharacters}) || '~' || lower(substr(to_hex(sha256(to_utf8(${sql}))), 1, ${hashDigits})) ` +
  `ELSE coalesce(${sql}, '${unknown}') END`;

/** Sorts bytewise as the numbers do. */
export const numberKey = (value: number): string => String(value).padStart(numberDigits, '0');

/**
 * What the keys of all numbers of the same length and the same two first digits begin with: the blocks of a histogram,
 * at most 90 for each length.
 */
export const blockOf = (key: string): string => key.slice(0, key.search(/[1-9]|0$/) + 2);

export const joinKey = (parts: readonly string[]): string =>
  parts.length === 0 ? allMembers : parts.map(escaped).join(separator);

/** The start of all keys that have these parts first. */
export const keyPrefix = (parts: readonly string[]): string => parts.map((part) => escaped(part) + separator).join('');

export const splitKey = (key: string): readonly string[] =>
  key === allMembers ? [] : key.split(separator).map(unescaped);

/** `#` parts the keys of the counters table. */
const escaped = (part: string): string =>
  part === allMembers ? '%2A' : part.replace(/[%|#]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
const unescaped = (part: string): string =>
  part.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** What stands in answers: a text, a whole number, or null for a number that is not known. */
export type Value = string | bigint | number | null;

/** Of a part of a key. */
export const answerValue = ({ kind }: Dimension, part: string): Value =>
  kind !== 'number' ? part : part === unknown ? null : BigInt(part);

/** The order of SQL and of DynamoDB: texts by the bytes of UTF-8, numbers by size, null last. */
export function compareValues(one: Value | undefined, other: Value | undefined): number {
  if (typeof one === 'string' && typeof other === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(other));
  if (one === null || one === undefined) return other === null || other === undefined ? 0 : 1;
  if (other === null || other === undefined) return -1;
  return one < other ? -1 : one > other ? 1 : 0;
}
