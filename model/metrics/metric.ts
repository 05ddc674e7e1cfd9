import type { FeedName } from '../rules/rule.ts';

/** A field of the clean form: `pin.category`. A metric needs the parts of a post whose fields it names. */
export type FieldName = `${FeedName}.${string}`;

/**
 * What a post is told apart by: a column of the answers. Null is `unknown`, and counted; a text of more than
 * `maxTextBytes` bytes stands as its beginning and a hash. Plain data, for the interpreter and for the SQL compiler.
 */
export type Dimension =
  /** A text as it is. */
  | { readonly kind: 'text'; readonly name: string; readonly field: FieldName }
  /** The year of a moment, in UTC, four digits. */
  | { readonly kind: 'year'; readonly name: string; readonly field: FieldName }
  /** The label of the first band whose `below` is greater than the number; the last band has none. */
  | { readonly kind: 'bands'; readonly name: string; readonly field: FieldName; readonly bands: readonly Band[] }
  /** A whole number from 0, in numeric order. Null stays null. */
  | { readonly kind: 'number'; readonly name: string; readonly field: FieldName }
  /** A moment to the millisecond, ISO 8601. */
  | { readonly kind: 'moment'; readonly name: string; readonly field: FieldName };

export interface Band {
  readonly label: string;
  readonly below?: number;
}

export type Measure =
  /** Posts. */
  | { readonly kind: 'count' }
  /** The sum of a whole number over posts; null adds nothing. */
  | { readonly kind: 'sum'; readonly field: FieldName }
  /** How many posts have each value of a whole number from 0: for medians. Posts without one do not count. */
  | { readonly kind: 'histogram'; readonly field: FieldName }
  /** How many posts have each combination of keys: for distinct people, and for maxima off the top of a number. */
  | { readonly kind: 'distinct'; readonly keys: readonly Dimension[] };

/** What a post must be to count at all. */
export type Condition =
  | { readonly kind: 'known'; readonly field: FieldName }
  | { readonly kind: 'missing'; readonly field: FieldName }
  | { readonly kind: 'oneOf'; readonly dimension: Dimension; readonly values: readonly string[] };

/**
 * Only recent posts, by the minute in which the named part last arrived: the running minute and `minutes` before it,
 * so nothing of the last `minutes` is left out.
 */
export interface Window {
  readonly minutes: number;
  readonly arrival: FeedName;
}

/** The definition of a number that both layers compute. */
export interface Metric {
  /** Lower-case words joined by hyphens. */
  readonly name: string;
  /** One sentence for readers of the answers. */
  readonly describe: string;
  readonly measure: Measure;
  readonly by: readonly Dimension[];
  readonly where?: readonly Condition[];
  readonly window?: Window;
  /** Counters that a live answer may read, those at zero among them; beyond, it comes from gold. @default {@link defaultReadBudget} */
  readonly readBudget?: number;
}

export const unknown = 'unknown';
/** Some 10 MB of items, within a second or two. */
export const defaultReadBudget = 50_000;
/** For how long the counters of a minute are kept, and how far back from its watermark a run's gold goes. */
export const keptMinutes = 24 * 60;

const column = (field: FieldName): string => field.slice(field.indexOf('.') + 1);

export const text = (field: FieldName, name = column(field)): Dimension => ({ kind: 'text', name, field });
export const year = (field: FieldName, name: string): Dimension => ({ kind: 'year', name, field });
export const number = (field: FieldName, name = column(field)): Dimension => ({ kind: 'number', name, field });
export const moment = (field: FieldName, name = column(field)): Dimension => ({ kind: 'moment', name, field });
export const bands = (field: FieldName, name: string, of: readonly Band[]): Dimension => ({
  kind: 'bands',
  name,
  field,
  bands: of,
});

export const count: Measure = { kind: 'count' };
export const sum = (field: FieldName): Measure => ({ kind: 'sum', field });
export const histogram = (field: FieldName): Measure => ({ kind: 'histogram', field });
export const distinct = (...keys: readonly Dimension[]): Measure => ({ kind: 'distinct', keys });

export const known = (field: FieldName): Condition => ({ kind: 'known', field });
export const missing = (field: FieldName): Condition => ({ kind: 'missing', field });
export const oneOf = (dimension: Dimension, ...values: readonly string[]): Condition => ({
  kind: 'oneOf',
  dimension,
  values,
});

/** The columns by which a metric's rows differ besides `by`: the keys of `distinct`, the value of `histogram`. */
export function memberColumns({ measure }: Metric): readonly Dimension[] {
  if (measure.kind === 'distinct') return measure.keys;
  return measure.kind === 'histogram' ? [number(measure.field)] : [];
}

/** The parts that a post must have to count. */
export function partsOf(metric: Metric): readonly FeedName[] {
  const { measure, by, where = [], window } = metric;
  const fields = [
    ...by.map(({ field }) => field),
    ...memberColumns(metric).map(({ field }) => field),
    ...(measure.kind === 'sum' ? [measure.field] : []),
    ...where.map((condition) => (condition.kind === 'oneOf' ? condition.dimension.field : condition.field)),
  ];
  const parts = fields.map((field) => field.slice(0, field.indexOf('.')) as FeedName);
  return [...new Set([...parts, ...(window ? [window.arrival] : [])])];
}
