import { defaultReadBudget, type Metric } from '../metrics/metric.ts';
import type { Counter, CounterRange, CounterReader } from './contribution.ts';

/** A live answer would read more counters of the metric than its definition allows. */
export class OverBudgetError extends Error {
  override readonly name = 'OverBudgetError';
  readonly metric: string;
  readonly readBudget: number;

  constructor(metric: string, readBudget: number) {
    super(`A live answer from ${metric} would read more than its budget of ${readBudget} counters.`);
    this.metric = metric;
    this.readBudget = readBudget;
  }
}

/** Reads one metric without the counters that are zero, and counts all that are read. */
export class BudgetedReader {
  readonly metric: Metric;
  readonly #reader: CounterReader;
  #read = 0;

  constructor(metric: Metric, reader: CounterReader) {
    this.metric = metric;
    this.#reader = reader;
  }

  /** @throws OverBudgetError */
  async *counters(range: CounterRange): AsyncGenerator<Counter> {
    const { name, readBudget = defaultReadBudget } = this.metric;
    for await (const counter of this.#reader.counters(this.metric, range)) {
      this.#read += 1;
      if (this.#read > readBudget) throw new OverBudgetError(name, readBudget);
      if (counter.value !== 0n) yield counter;
    }
  }
}
