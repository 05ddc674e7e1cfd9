import { type Condition, type Dimension, keptMinutes, type Metric, partsOf, unknown } from '../metrics/metric.ts';
import type { Post } from '../post.ts';
import { blockOf, joinKey, keyText, numberKey } from './keys.ts';

/** Where a metric counts something. Both compare bytewise, in UTF-8. */
export interface CounterKey {
  /**
   * What is read together. Of a count or a sum: one group, empty. Of a histogram or distinct keys: the dimensions, and
   * the list of all groups is in the empty one. Of a windowed metric: the minute, with the dimensions behind it.
   */
  readonly group: string;
  /** Never empty. Numbers are padded with zeros, so that members sort as the answers need them. */
  readonly member: string;
}

export interface Addend {
  readonly counter: CounterKey;
  readonly amount: bigint;
}

/** A counter as it is read. */
export interface Counter {
  readonly member: string;
  readonly value: bigint;
}

export interface CounterRange {
  readonly group: string;
  /** Only members that begin so. */
  readonly prefix?: string;
  readonly descending?: boolean;
  /** How many the caller is going to take, as far as it knows: more may be given. */
  readonly expected?: number;
}

/** Live counters. Ascending by member unless told otherwise, each member once, also at zero; read as they are asked for. */
export interface CounterReader {
  counters(metric: Metric, range: CounterRange): AsyncIterable<Counter>;
}

/** Members of a histogram: of blocks, and of values. */
export const blockMember = 'b:';
export const valueMember = 'v:';

/** What a post counts for. Nothing before it has the parts the metric needs. Never throws, whatever the fields hold. */
export function contribution(metric: Metric, post: Post | undefined): readonly Addend[] {
  if (post === undefined || typeof post.ind !== 'number' || !(post.ind >= 0)) return [];
  if (!neededParts(metric).every((part) => isObject(post[part]?.fields))) return [];
  const { measure, by, where = [], window } = metric;
  if (!where.every((condition) => holds(condition, post))) return [];
  const minute = window ? arrivalMinute(post[window.arrival]?.k) : '';
  if (minute === undefined) return [];
  const dimensions = by.map((dimension) => partOf(dimension, post));
  switch (measure.kind) {
    case 'count':
      return [addend(minute, joinKey(dimensions), 1n)];
    case 'sum': {
      const value = wholeNumber(fieldOf(post, measure.field));
      return value === undefined || value === 0 ? [] : [addend(minute, joinKey(dimensions), BigInt(value))];
    }
    case 'histogram': {
      const value = naturalNumber(fieldOf(post, measure.field));
      if (value === undefined) return [];
      const key = numberKey(value);
      return grouped(minute, dimensions, [blockMember + blockOf(key), valueMember + key]);
    }
    case 'distinct':
      return grouped(minute, dimensions, [joinKey(measure.keys.map((key) => partOf(key, post)))]);
  }
}

/** What a change of a post adds to the counters: nothing where it contributes as before. */
export function delta(metric: Metric, before: Post | undefined, after: Post | undefined): Addend[] {
  const sums = new Map<string, Addend>();
  const add = (sign: bigint) => (found: Addend) => {
    const { counter } = found;
    // Neither has this character: see keys.
    const id = `${counter.group}#${counter.member}`;
    sums.set(id, { counter, amount: (sums.get(id)?.amount ?? 0n) + sign * found.amount });
  };
  contribution(metric, before).forEach(add(-1n));
  contribution(metric, after).forEach(add(1n));
  return [...sums.values()].filter(({ amount }) => amount !== 0n);
}

/** The group of counters of a metric: in a minute if it is windowed, of some values of `by` if those part its groups. */
export const groupOf = (minute: string, dimensions: readonly string[]): string =>
  [minute, ...(dimensions.length > 0 ? [joinKey(dimensions)] : [])].filter((part) => part !== '').join('|');

/** When a counter may go: epoch seconds, for windowed metrics. */
export function expiresAt({ window }: Metric, { group }: CounterKey): number | undefined {
  const minute = window && Date.parse(`${group.slice(0, minuteLength)}:00Z`);
  return minute === undefined ? undefined : minute / 1000 + keptMinutes * 60;
}

const minuteLength = 'YYYY-MM-DDThh:mm'.length;

/** As groups name it: `2026-11-21T12:15`, UTC. */
export const minuteOf = (ms: number): string => new Date(ms).toISOString().slice(0, minuteLength);

function arrivalMinute(orderKey: unknown): string | undefined {
  const [digits] = (typeof orderKey === 'string' && /^\d{13}/.exec(orderKey)) || [];
  return digits === undefined ? undefined : minuteOf(Number(digits));
}

const addend = (group: string, member: string, amount: bigint): Addend => ({ counter: { group, member }, amount });

/** In the group of the dimensions, which is itself a member of the list of groups. */
function grouped(minute: string, dimensions: readonly string[], members: readonly string[]): Addend[] {
  const group = groupOf(minute, dimensions);
  const listed = dimensions.length > 0 ? [addend(minute, joinKey(dimensions), 1n)] : [];
  return [...listed, ...members.map((member) => addend(group, member, 1n))];
}

const parts = new WeakMap<Metric, ReturnType<typeof partsOf>>();

function neededParts(metric: Metric): ReturnType<typeof partsOf> {
  const known = parts.get(metric) ?? partsOf(metric);
  parts.set(metric, known);
  return known;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** Null where there is none. */
function fieldOf(post: Post, field: Dimension['field']): unknown {
  const at = field.indexOf('.');
  const part = post[field.slice(0, at) as keyof Post];
  const fields = typeof part === 'object' ? part.fields : {};
  const name = field.slice(at + 1);
  return Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;
}

function holds(condition: Condition, post: Post): boolean {
  if (condition.kind === 'oneOf') return condition.values.includes(partOf(condition.dimension, post));
  return (fieldOf(post, condition.field) === null) === (condition.kind === 'missing');
}

/** What a key says of a post. Odd values are unknown. */
function partOf(dimension: Dimension, post: Post): string {
  const value = fieldOf(post, dimension.field);
  switch (dimension.kind) {
    case 'text':
      return typeof value === 'string' && value !== '' ? keyText(value.toWellFormed()) : unknown;
    case 'moment':
      return typeof value === 'string' && isMoment.test(value) ? value : unknown;
    case 'year':
      return typeof value === 'string' && isMoment.test(value) ? value.slice(0, 4) : unknown;
    case 'number': {
      const whole = naturalNumber(value);
      return whole === undefined ? unknown : numberKey(whole);
    }
    case 'bands': {
      const whole = wholeNumber(value);
      if (whole === undefined) return unknown;
      return dimension.bands.find(({ below }) => below === undefined || whole < below)?.label ?? unknown;
    }
  }
}

const isMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const wholeNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;

function naturalNumber(value: unknown): number | undefined {
  const whole = wholeNumber(value);
  return whole === undefined || whole < 0 ? undefined : whole;
}
