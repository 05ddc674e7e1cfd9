import type {
  ArrayRule,
  ConcatRule,
  CountRule,
  Feed,
  FeedName,
  IntegerRule,
  NumberRule,
  Rule,
  TextRule,
  TimestampRule,
} from './rule.ts';

/** Eleven texts of this size and an item's other parts stay below DynamoDB's 400 KB. */
const maxTextBytes = 16_384;

type Range = { readonly min?: number; readonly max?: number };

/** A rule that reads the column of its own name unless it was told another. */
type Unnamed<R extends Rule> = (column: string) => R;

export const text =
  (options: { readonly null?: readonly string[]; readonly stripPrefix?: string } = {}): Unnamed<TextRule> =>
  (column) => ({
    kind: 'text',
    from: column,
    null: options.null ?? [],
    stripPrefix: options.stripPrefix ?? '',
    maxBytes: maxTextBytes,
  });

/** A whole number of people or things, written as digits or with a suffix: `437`, `1.2k`, `15M`, `1B`. */
export const count =
  (options: { readonly null?: readonly string[] } = {}): Unnamed<CountRule> =>
  (column) => ({
    kind: 'count',
    from: column,
    null: options.null ?? [],
    suffixes: { k: 3, M: 6, B: 9 },
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  });

export const integer =
  ({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: Range = {}): Unnamed<IntegerRule> =>
  (column) => ({ kind: 'integer', from: column, min, max });

export const range = (from: string, min: number, max: number): NumberRule => ({ kind: 'number', from, min, max });

/** A moment in UTC, in any of the three forms that senders use. */
export const timestamp =
  (formats = ['YYYY-MM-DDThh:mm:ss', 'YYYY-MM-DD hh:mm:ss', 'YYYY:MM:DD hh:mm:ss']): Unnamed<TimestampRule> =>
  (column) => ({ kind: 'timestamp', from: column, formats });

export const concat =
  (separator: string, ...columns: readonly string[]): Unnamed<ConcatRule> =>
  () => ({ kind: 'concat', separator, of: columns.map(text()) });

export const arrayOf =
  (...elements: readonly NumberRule[]): Unnamed<ArrayRule> =>
  () => ({ kind: 'array', of: elements });

/** `fields` in the order of the clean form; the key becomes its first column, `ind`. */
export function feed(
  name: FeedName,
  definition: {
    readonly rules: number;
    readonly key: string;
    readonly fields: Readonly<Record<string, Unnamed<Rule>>>;
  },
): Feed {
  const { rules, key, fields } = definition;
  const columns = Object.entries(fields).map(([column, rule]) => ({ name: column, rule: rule(column) }));
  return { name, rules, key, columns };
}
