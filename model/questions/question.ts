import type { Metric } from '../metrics/metric.ts';

/** A column of an answer, computed over the rows of a metric that agree in the question's `by`. */
export type Aggregate =
  /** The sum of what was counted: of the question's metric unless another is named, which has the same `by`. */
  | { readonly kind: 'total'; readonly metric?: Metric; readonly where?: Filter }
  /** How many distinct keys there are, of a metric of distinct keys. */
  | { readonly kind: 'keys' }
  /** The greatest value of a column of numbers; null if none is known. */
  | { readonly kind: 'greatest'; readonly column: string }
  /** Element ceil(n / 2) of the n values of a histogram. */
  | { readonly kind: 'median' }
  /** One column of the answer by another; null where that is zero. */
  | { readonly kind: 'ratio'; readonly of: string; readonly to: string };

/** On a column of texts; years are texts of four digits. Both ends are included. */
export type Filter =
  | { readonly column: string; readonly from: string; readonly to: string }
  | { readonly column: string; readonly in: readonly string[] };

/** A presentation of metrics that reads the same live, from silver and from gold. */
export interface Question {
  /** Lower-case words joined by underscores. */
  readonly name: string;
  /** Of the course's questions. */
  readonly number?: string;
  readonly title: string;
  readonly metric: Metric;
  readonly where?: readonly Filter[];
  /** The metric's columns that the answer shows, in order. None: the answer is one row. */
  readonly by: readonly string[];
  readonly values: Readonly<Record<string, Aggregate>>;
  /** Only the rows of the greatest `of` among those that agree in `within`; ties are kept. */
  readonly top?: { readonly of: string; readonly within: readonly string[] };
  /** Before the order of the columns from left to right, ascending, which every answer has. */
  readonly order?: readonly { readonly column: string; readonly descending?: boolean }[];
  readonly limit?: number;
}

/** The metrics that a question reads, its own first. */
export function metricsOf({ metric, values }: Question): readonly Metric[] {
  const others = Object.values(values).flatMap((value) => (value.kind === 'total' ? (value.metric ?? []) : []));
  return [...new Set([metric, ...others])];
}

export const total = (metric?: Metric): Aggregate => ({ kind: 'total', ...(metric && { metric }) });
export const keys: Aggregate = { kind: 'keys' };
export const median: Aggregate = { kind: 'median' };
export const greatest = (column: string): Aggregate => ({ kind: 'greatest', column });
export const ratio = (of: string, to: string): Aggregate => ({ kind: 'ratio', of, to });
export const between = (column: string, from: number, to: number): Filter => ({
  column,
  from: String(from),
  to: String(to),
});

/** A column for each of the values: of years, `y2018` and so on. */
export const pivot = (column: string, values: Readonly<Record<string, string>>): Record<string, Aggregate> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { kind: 'total', where: { column, in: [value] } }]),
  );
