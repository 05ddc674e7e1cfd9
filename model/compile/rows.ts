import { type Dimension, type Metric, memberColumns, unknown } from '../metrics/metric.ts';
import type { Aggregate, Filter, Question } from '../questions/question.ts';
import { compareValues, type Value } from './keys.ts';

/** Of an answer: its columns in order. */
export type Row = Readonly<Record<string, Value>>;

/** As in the DDL of Athena; decimals are those of 38 digits. */
export type ColumnType = 'string' | 'int' | 'bigint' | 'decimal(38,0)' | 'double';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** The column of a windowed metric that says in which minute its posts arrived. */
export const minuteColumn = 'arrival_minute';
export const amountColumn = 'amount';

export const dimensionsOf = (metric: Metric): readonly Dimension[] => [...metric.by, ...memberColumns(metric)];

const amountType = ({ measure }: Metric): ColumnType => (measure.kind === 'sum' ? 'decimal(38,0)' : 'bigint');

/** Of a metric's rows. */
export const metricColumns = (metric: Metric): readonly Column[] => [
  ...(metric.window ? [{ name: minuteColumn, type: 'string' } as const] : []),
  ...dimensionsOf(metric).map(({ name, kind }): Column => ({ name, type: kind === 'number' ? 'bigint' : 'string' })),
  { name: amountColumn, type: amountType(metric) },
];

/** Of a question's answer. A year is a number where only known years are asked for. */
export const questionColumns = (question: Question): readonly Column[] => [
  ...question.by.map((name): Column => ({ name, type: byType(question, name) })),
  ...Object.entries(question.values).map(
    ([name, aggregate]): Column => ({ name, type: aggregateType(question, aggregate) }),
  ),
];

function byType({ metric, where = [] }: Question, name: string): ColumnType {
  const kind = dimensionsOf(metric).find((dimension) => dimension.name === name)?.kind;
  if (kind === 'number') return 'bigint';
  return kind === 'year' && where.some((filter) => filter.column === name && 'from' in filter) ? 'int' : 'string';
}

function aggregateType({ metric }: Question, aggregate: Aggregate): ColumnType {
  if (aggregate.kind === 'ratio') return 'double';
  return aggregate.kind === 'total' ? amountType(aggregate.metric ?? metric) : 'bigint';
}

export function passes(filter: Filter, value: Value | undefined): boolean {
  if ('in' in filter) return value !== undefined && filter.in.includes(value === null ? unknown : String(value));
  return compareValues(filter.from, value) <= 0 && compareValues(value, filter.to) <= 0;
}

/** The presentation of a metric by itself: what it counts, by some of its dimensions. @default by - all of them */
export function metricQuestion(
  metric: Metric,
  { by = metric.by.map(({ name }) => name), where = [] }: { by?: readonly string[]; where?: readonly Filter[] } = {},
): Question {
  const values = valuesOf(metric);
  return { name: metric.name.replaceAll('-', '_'), title: metric.describe, metric, by, where, values };
}

function valuesOf({ measure }: Metric): Record<string, Aggregate> {
  switch (measure.kind) {
    case 'count':
      return { posts: { kind: 'total' } };
    case 'sum':
      return { total: { kind: 'total' } };
    case 'histogram':
      return { median: { kind: 'median' }, posts: { kind: 'total' } };
    case 'distinct':
      return { distinct: { kind: 'keys' }, posts: { kind: 'total' } };
  }
}
