import { type Refusal, RefusedError, shown } from './refusal.ts';
import { type ArrayRule, type ConcatRule, type Feed, type Rule, sourceColumns } from './rule.ts';
import { cleanCount, cleanInteger, cleanNumber, cleanText, cleanTimestamp } from './values.ts';

/** Timestamps are ISO 8601 texts with milliseconds and `Z`. */
export type CleanValue = string | number | null | readonly number[];
/** In the order of the clean form, without `ind`. */
export type CleanFields = Readonly<Record<string, CleanValue>>;

export interface Cleaned {
  readonly ok: true;
  readonly ind: number;
  readonly fields: CleanFields;
  /** The raw columns that no rule reads. */
  readonly extra: readonly string[];
}

export type CleanResult = Cleaned | ({ readonly ok: false } & Refusal);

type RawRow = Readonly<Record<string, unknown>>;

/** Applies a feed's rules to one raw row: any JSON value. Never throws. The first rule that fails, in the order of the clean form, names the refusal. */
export function cleanRow(feed: Feed, row: unknown): CleanResult {
  try {
    return cleaned(feed, asRow(feed, row));
  } catch (error) {
    return { ok: false, ...refusalOf(error) };
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof RefusedError) return error.refusal;
  return {
    rule: 'internal',
    field: null,
    reason: `The cleaning rules failed: ${String(error)}. Report it with this row.`,
  };
}

function cleaned(feed: Feed, row: RawRow): Cleaned {
  const ind = cleanKey(feed, row);
  const fields: Record<string, CleanValue> = {};
  for (const { name, rule } of feed.columns) fields[name] = clean(rule, row);
  const known = knownColumns(feed);
  return { ok: true, ind, fields, extra: Object.keys(row).filter((column) => !known.has(column)) };
}

function clean(rule: Rule, row: RawRow): CleanValue {
  switch (rule.kind) {
    case 'text':
      return cleanText(rule, own(row, rule.from));
    case 'count':
      return cleanCount(rule, own(row, rule.from));
    case 'integer':
      return cleanInteger(rule, own(row, rule.from));
    case 'number':
      return cleanNumber(rule, own(row, rule.from));
    case 'timestamp':
      return cleanTimestamp(rule, own(row, rule.from));
    case 'concat':
      return cleanConcat(rule, row);
    case 'array':
      return cleanArray(rule, row);
  }
}

function cleanConcat(rule: ConcatRule, row: RawRow): string | null {
  const parts = rule.of.map((part) => cleanText(part, own(row, part.from))).filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(rule.separator);
}

function cleanArray(rule: ArrayRule, row: RawRow): readonly number[] | null {
  const values = rule.of.map((element) => ({
    from: element.from,
    value: cleanNumber(element, own(row, element.from)),
  }));
  const missing = values.filter(({ value }) => value === null);
  if (missing.length === values.length) return null;
  if (missing[0] !== undefined) {
    const names = values.map(({ from }) => from).join(' and ');
    throw new RefusedError(
      'required',
      missing[0].from,
      `${missing[0].from} is missing: send ${names} together, or none.`,
    );
  }
  return values.map(({ value }) => value as number);
}

/** A row is of the feed's shape if it has the key and at least half of the feed's other columns, null or not. */
function asRow(feed: Feed, row: unknown): RawRow {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new RefusedError('object', null, `The row is ${shown(row)}: send an object with ${columnsOf(feed)}.`);
  }
  const advice = `A ${feed.name} row has ${columnsOf(feed)}; send each row to the feed it belongs to.`;
  if (!Object.hasOwn(row, feed.key)) throw new RefusedError('shape', feed.key, `${feed.key} is missing. ${advice}`);
  const columns = sourceColumns(feed);
  const missing = columns.filter((column) => !Object.hasOwn(row, column));
  if (missing.length * 2 > columns.length) {
    const which = `${missing.length} of ${columns.length} columns are missing, ${missing[0]} first.`;
    throw new RefusedError('shape', missing[0]!, `${which} ${advice}`);
  }
  return row as RawRow;
}

function cleanKey(feed: Feed, row: RawRow): number {
  const { MIN_SAFE_INTEGER: min, MAX_SAFE_INTEGER: max } = Number;
  const ind = cleanInteger({ kind: 'integer', from: feed.key, min, max }, own(row, feed.key));
  if (ind === null) throw new RefusedError('required', feed.key, `${feed.key} is empty: send the post's number.`);
  return ind;
}

const own = (row: RawRow, column: string): unknown => (Object.hasOwn(row, column) ? row[column] : undefined);

const columnsOf = (feed: Feed): string => [feed.key, ...sourceColumns(feed)].join(', ');

const columnSets = new WeakMap<Feed, ReadonlySet<string>>();

function knownColumns(feed: Feed): ReadonlySet<string> {
  const known = columnSets.get(feed) ?? new Set([feed.key, ...sourceColumns(feed)]);
  columnSets.set(feed, known);
  return known;
}
