import { RefusedError, shown } from './refusal.ts';
import type { CountRule, IntegerRule, NumberRule, TextRule, TimestampRule } from './rule.ts';

/** Nearer to zero than this is zero: DynamoDB refuses numbers below 1E-130. */
const smallest = 1e-100;

export function cleanText(rule: TextRule, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') {
    throw new RefusedError('text', rule.from, `${rule.from} is ${shown(value)}: send a string or null.`);
  }
  if (rule.null.includes(value)) return null;
  const kept = value.startsWith(rule.stripPrefix) ? value.slice(rule.stripPrefix.length) : value;
  if (kept === '') return null;
  if (!kept.isWellFormed()) {
    throw new RefusedError('text', rule.from, `${rule.from} holds half of a surrogate pair: send whole characters.`);
  }
  if (longerThan(kept, rule.maxBytes)) {
    throw new RefusedError(
      'length',
      rule.from,
      `${rule.from} is longer than ${rule.maxBytes} bytes of UTF-8: shorten it.`,
    );
  }
  return kept;
}

export function cleanCount(rule: CountRule, value: unknown): number | null {
  if (isNull(value) || (typeof value === 'string' && rule.null.includes(value))) return null;
  const refuse = () => {
    const examples = ['437', ...Object.keys(rule.suffixes).map((suffix) => `1.2${suffix}`)].join(', ');
    return new RefusedError(
      'count',
      rule.from,
      `${rule.from} is ${shown(value)}: send a whole number such as ${examples}.`,
    );
  };
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw refuse();
    return inRange(rule, value);
  }
  if (typeof value !== 'string') throw refuse();
  const [, sign, whole, fraction = '', suffix] = /^(-?)([0-9]+)(?:\.([0-9]+))?([A-Za-z]?)$/.exec(trimmed(value)) ?? [];
  if (sign === undefined || whole === undefined || suffix === undefined) throw refuse();
  if (suffix !== '' && !Object.hasOwn(rule.suffixes, suffix)) throw refuse();
  const power = suffix === '' ? 0 : rule.suffixes[suffix]!;
  const decimals = withoutTrailingZeros(fraction);
  if (decimals.length > power) throw refuse();
  return inRange(rule, wholeNumber(sign, whole + decimals + '0'.repeat(power - decimals.length)));
}

export function cleanInteger(rule: IntegerRule, value: unknown): number | null {
  if (isNull(value)) return null;
  const refuse = () => new RefusedError('integer', rule.from, `${rule.from} is ${shown(value)}: send a whole number.`);
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw refuse();
    return inRange(rule, value);
  }
  if (typeof value !== 'string') throw refuse();
  const [, sign, whole] = /^(-?)([0-9]+)(?:\.0+)?$/.exec(trimmed(value)) ?? [];
  if (sign === undefined || whole === undefined) throw refuse();
  return inRange(rule, wholeNumber(sign, whole));
}

export function cleanNumber(rule: NumberRule, value: unknown): number | null {
  if (isNull(value)) return null;
  const refuse = () => new RefusedError('number', rule.from, `${rule.from} is ${shown(value)}: send a number.`);
  if (typeof value === 'string') {
    const digits = trimmed(value);
    if (!/^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(digits)) throw refuse();
    return inRange(rule, nearZeroIsZero(Number(digits)));
  }
  if (typeof value !== 'number') throw refuse();
  return inRange(rule, nearZeroIsZero(value));
}

/** @returns ISO 8601 with milliseconds and `Z`; further digits of a fraction are cut off, not rounded. */
export function cleanTimestamp(rule: TimestampRule, value: unknown): string | null {
  if (isNull(value)) return null;
  if (typeof value === 'string') {
    const moment = trimmed(value);
    for (const format of rule.formats) {
      const iso = readTimestamp(moment, format);
      if (iso !== null) return iso;
    }
  }
  throw new RefusedError(
    'timestamp',
    rule.from,
    `${rule.from} is ${shown(value)}: send a date and time that exists, in UTC, as ${rule.formats.join(' or ')}.`,
  );
}

const isNull = (value: unknown): value is null | undefined | '' =>
  value === null || value === undefined || value === '';

/** Without the ASCII space, tab, line feed and carriage return at either end; other white space stays. */
function trimmed(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;

function longerThan(value: string, bytes: number): boolean {
  return value.length * 3 > bytes && (value.length > bytes || Buffer.byteLength(value) > bytes);
}

function inRange(rule: { readonly from: string; readonly min: number; readonly max: number }, value: number): number {
  if (value >= rule.min && value <= rule.max) return value === 0 ? 0 : value;
  throw new RefusedError('range', rule.from, `${rule.from} is ${value}: send ${rule.min} to ${rule.max}.`);
}

const nearZeroIsZero = (value: number): number => (Math.abs(value) < smallest ? 0 : value);

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

/** What exceeds 2^53 - 1 comes out as some number that does too. */
const wholeNumber = (sign: string, digits: string): number => (sign === '-' ? -Number(digits) : Number(digits));

const digitsOf: Readonly<Record<string, number>> = { YYYY: 4, MM: 2, DD: 2, hh: 2, mm: 2, ss: 2 };

/** The format, then a fraction of one to nine digits and `Z` or `+00:00`, each of which may be missing. */
function readTimestamp(value: string, format: string): string | null {
  const parts: Record<string, string> = {};
  let at = 0;
  for (const token of format.match(/YYYY|MM|DD|hh|mm|ss|./g) ?? []) {
    const length = digitsOf[token] ?? token.length;
    const piece = value.slice(at, at + length);
    at += length;
    if (!Object.hasOwn(digitsOf, token)) {
      if (piece !== token) return null;
    } else if (piece.length === length && /^[0-9]+$/.test(piece)) {
      parts[token] = piece;
    } else return null;
  }
  const [rest, fraction = ''] = /^(?:\.([0-9]{1,9}))?(?:Z|\+00:00)?$/.exec(value.slice(at)) ?? [];
  if (rest === undefined) return null;
  const { YYYY = '', MM = '', DD = '', hh = '', mm = '', ss = '' } = parts;
  if (!isDate(Number(YYYY), Number(MM), Number(DD)) || hh > '23' || mm > '59' || ss > '59') return null;
  return `${YYYY}-${MM}-${DD}T${hh}:${mm}:${ss}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
}

const daysOf = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** In the proleptic Gregorian calendar, years 1 to 9999. */
function isDate(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 && leap ? 29 : daysOf[month - 1]!);
}
