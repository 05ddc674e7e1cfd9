import type { Dimension } from '../metrics/metric.ts';
import type { Question } from '../questions/question.ts';
import { answerValue, compareValues, type Value } from './keys.ts';
import { passes, type Row } from './rows.ts';

/** What the rows of a metric that agree in the question's `by` add up to. */
export interface Facts {
  /** Of the columns of `by`. */
  readonly shown: Row;
  total: bigint;
  /** Of the columns that count only some rows. */
  readonly totals: Map<string, bigint>;
  /** Of distinct keys. */
  readonly keys: Set<string>;
  /** By column. */
  readonly greatest: Map<string, Value>;
  median: Value;
}

const newFacts = (shown: Row): Facts => ({
  shown,
  total: 0n,
  totals: new Map(),
  keys: new Set(),
  greatest: new Map(),
  median: null,
});

/** Of a metric that has no such row. */
export const noFacts: Facts = newFacts({});

/** The facts of each row of an answer, by its key. */
export class FactsByRow extends Map<string, Facts> {
  readonly #question: Question;

  constructor(question: Question) {
    super();
    this.#question = question;
    // One row, whatever was counted.
    if (question.by.length === 0) this.of({});
  }

  of(row: Row): Facts {
    const shown: Row = Object.fromEntries(this.#question.by.map((column) => [column, row[column] ?? null]));
    const key = JSON.stringify(
      Object.values(shown).map((value) => (typeof value === 'bigint' ? String(value) : value)),
    );
    const facts = this.get(key) ?? newFacts(shown);
    this.set(key, facts);
    return facts;
  }

  /** @param distinct what tells its members apart, of a metric of distinct keys */
  add(row: Row, amount: bigint, distinct?: string): void {
    const facts = this.of(row);
    facts.total += amount;
    if (distinct !== undefined) facts.keys.add(distinct);
    for (const [name, aggregate] of Object.entries(this.#question.values)) {
      if (aggregate.kind === 'total' && aggregate.where && passes(aggregate.where, row[aggregate.where.column])) {
        facts.totals.set(name, (facts.totals.get(name) ?? 0n) + amount);
      } else if (aggregate.kind === 'greatest') {
        const value = row[aggregate.column] ?? null;
        const soFar = facts.greatest.get(aggregate.column) ?? null;
        if (value !== null && (soFar === null || compareValues(value, soFar) > 0)) {
          facts.greatest.set(aggregate.column, value);
        }
      }
    }
  }
}

/** A group of counters with the values of `by` that it stands for. */
export interface Group {
  readonly group: string;
  readonly dimensions: readonly string[];
}

export const rowOf = (columns: readonly Dimension[], parts: readonly string[]): Row =>
  Object.fromEntries(columns.map((column, at) => [column.name, answerValue(column, parts[at]!)]));
