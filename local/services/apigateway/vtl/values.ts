import { isExactNumber, type Value } from './json.ts';

export type MapValue = { [key: string]: Value };

export const isMap = (value: unknown): value is MapValue =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** What Java would call it, for messages and to find its methods. */
export type JavaType = 'String' | 'Number' | 'Boolean' | 'List' | 'Map' | 'null';

export function javaType(value: Value): JavaType {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'String';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'number' || isExactNumber(value)) return 'Number';
  return Array.isArray(value) ? 'List' : 'Map';
}

/** The text of a value in the output: Java's, so a List is `[a, b]` and a Map `{a=1}`, which is no JSON. */
export function textOf(value: Value): string {
  if (isExactNumber(value)) return value.rawJSON;
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (!isMap(value)) return String(value);
  const members = Object.entries(value).map(([key, each]) => `${key}=${textOf(each)}`);
  return `{${members.join(', ')}}`;
}

/** Velocity 1.x: null and false are false; zero, "" and empty collections are true. */
export const isTrue = (value: Value): boolean => value !== null && value !== false;

/** Velocity's `==`: numbers by value, the same class by equals, else by text; null equals null alone. @throws Error */
export function areEqual(left: Value, right: Value): boolean {
  if (left === null || right === null) return left === right;
  if (javaType(left) === 'Number' && javaType(right) === 'Number') return compare(left, right) === 0;
  if (typeof left === 'object' || typeof right === 'object') {
    if (isExactNumber(left) || isExactNumber(right)) return textOf(left) === textOf(right);
    throw new Error('== of a List or Map is not known here');
  }
  return String(left) === String(right);
}

/** @throws Error when one of them is no number. */
export function compare(left: Value, right: Value): number {
  const [a, b] = [comparable(left), comparable(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparable(value: Value): number | bigint {
  if (typeof value === 'number') return value;
  if (!isExactNumber(value)) throw new Error(`a ${javaType(value)} cannot be compared as a number`);
  return /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON) : Number(value.rawJSON);
}

/** Integer arithmetic, and `+` of texts. @throws Error */
export function calculate(operator: string, left: Value, right: Value): Value {
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string')) return textOf(left) + textOf(right);
  if (!Number.isSafeInteger(left) || !Number.isSafeInteger(right)) {
    throw new Error(`${operator} of a ${javaType(left)} and a ${javaType(right)} is not known here: integers only`);
  }
  const [a, b] = [left as number, right as number];
  if ((operator === '/' || operator === '%') && b === 0) throw new Error('division by zero');
  const results: Record<string, number> = { '+': a + b, '-': a - b, '*': a * b, '/': Math.trunc(a / b), '%': a % b };
  const result = results[operator];
  if (result === undefined || !Number.isSafeInteger(result))
    throw new Error(`${a} ${operator} ${b} leaves the integers`);
  return result;
}
