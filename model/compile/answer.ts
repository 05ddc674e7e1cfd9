import type { Metric } from '../metrics/metric.ts';
import { type Aggregate, metricsOf, type Question } from '../questions/question.ts';
import type { CounterReader } from './contribution.ts';
import { type Facts, noFacts } from './facts.ts';
import { compareValues, type Value } from './keys.ts';
import { type LiveOptions, readFacts } from './live-facts.ts';
import { type Column, questionColumns, type Row } from './rows.ts';

/**
 * The answer to a question from live counters: row for row, and in the same order, what `questionSql` gives.
 * @throws OverBudgetError when a metric would have to read more counters than it allows
 */
export async function answer(question: Question, reader: CounterReader, { now }: LiveOptions): Promise<readonly Row[]> {
  const { metric, values } = question;
  const facts = new Map(
    await Promise.all(
      metricsOf(question).map(async (each) => [each, await readFacts(question, each, reader, { now })] as const),
    ),
  );
  const columns = questionColumns(question);
  const rows = [...facts.get(metric)!].map(([key, { shown }]) => {
    const row: Record<string, Value> = {};
    for (const { name, type } of columns) {
      const aggregate = values[name];
      if (aggregate === undefined) row[name] = type === 'int' ? BigInt(shown[name]!) : (shown[name] ?? null);
      else row[name] = valueIn(row, name, aggregate, facts.get(otherMetric(aggregate) ?? metric)?.get(key) ?? noFacts);
    }
    return row;
  });
  const sorted = topOf(question, rows).sort(byOrder(question, columns));
  return question.limit === undefined ? sorted : sorted.slice(0, question.limit);
}

const otherMetric = (aggregate: Aggregate): Metric | undefined =>
  aggregate.kind === 'total' ? aggregate.metric : undefined;

/** Ratios read columns that stand before them. */
function valueIn(row: Row, name: string, aggregate: Aggregate, facts: Facts): Value {
  switch (aggregate.kind) {
    case 'total':
      return aggregate.where ? (facts.totals.get(name) ?? 0n) : facts.total;
    case 'keys':
      return BigInt(facts.keys.size);
    case 'greatest':
      return facts.greatest.get(aggregate.column) ?? null;
    case 'median':
      return facts.median;
    case 'ratio': {
      const divisor = Number(row[aggregate.to]);
      return divisor === 0 ? null : Number(row[aggregate.of]) / divisor;
    }
  }
}

function topOf({ top }: Question, rows: Row[]): Row[] {
  if (!top) return rows;
  const best = new Map<string, Value>();
  const group = (row: Row): string => JSON.stringify(top.within.map((column) => String(row[column])));
  for (const row of rows) {
    const value = row[top.of] ?? null;
    const soFar = best.get(group(row));
    if (soFar === undefined || (value !== null && compareValues(value, soFar) * (soFar === null ? -1 : 1) > 0)) {
      best.set(group(row), value);
    }
  }
  return rows.filter((row) => compareValues(row[top.of], best.get(group(row))) === 0);
}

/** Null comes last either way. */
function byOrder({ order = [] }: Question, columns: readonly Column[]): (one: Row, other: Row) => number {
  const given = order.map(({ column, descending = false }) => ({ column, descending }));
  const rest = columns.map(({ name }) => ({ column: name, descending: false }));
  return (one, other) => {
    for (const { column, descending } of [...given, ...rest]) {
      const [a, b] = [one[column] ?? null, other[column] ?? null];
      const ascending = compareValues(a, b);
      if (ascending !== 0) return descending && a !== null && b !== null ? -ascending : ascending;
    }
    return 0;
  };
}
