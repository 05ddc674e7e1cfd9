import type { TakenRecords } from '../../services/lambda/event-sources/event-source-mappings.ts';

const WINDOW_S = 10;

/** A function and what it reads: a stream, a table or a topic, by its name. */
export interface ReaderOf {
  readonly functionName: string;
  readonly source: string;
}

/** How many records functions are through with, since the start and in the last seconds. */
export class TakenCounts {
  readonly #since: number;
  readonly #totals = new Map<string, { all: number; fresh: number }>();
  /** Of a reader: second -> records. */
  readonly #seconds = new Map<string, Map<number, number>>();

  /** @param since the start, epoch milliseconds */
  constructor(since: number) {
    this.#since = since;
  }

  /** @param now epoch milliseconds */
  see({ functionName, sourceArn, topic, arrivals }: TakenRecords, now: number): void {
    // `arn:…:stream/<name>`, `arn:…:table/<name>/stream/<label>`
    const key = keyOf({ functionName, source: topic ?? sourceArn.split('/')[1]! });
    const { all, fresh } = this.#totalsOf(key);
    const arrived = arrivals.filter((arrival) => arrival >= this.#since).length;
    this.#totals.set(key, { all: all + arrivals.length, fresh: fresh + arrived });
    const counts = this.#seconds.get(key) ?? new Map<number, number>();
    this.#seconds.set(key, counts);
    const second = Math.floor(now / 1_000);
    counts.set(second, (counts.get(second) ?? 0) + arrivals.length);
    for (const other of counts.keys()) if (other < second - WINDOW_S) counts.delete(other);
  }

  /** Of them, `fresh` are those that arrived since the start. */
  total(readers: readonly ReaderOf[], which: 'all' | 'fresh'): number {
    return readers.reduce((sum, reader) => sum + this.#totalsOf(keyOf(reader))[which], 0);
  }

  /** Records a second. @param now epoch milliseconds */
  rate(readers: readonly ReaderOf[], now: number): number {
    const oldest = Math.floor(now / 1_000) - WINDOW_S;
    const recent = readers
      .flatMap((reader) => [...(this.#seconds.get(keyOf(reader)) ?? [])])
      .filter(([second]) => second >= oldest);
    return recent.reduce((sum, [, records]) => sum + records, 0) / WINDOW_S;
  }

  #totalsOf(key: string): { readonly all: number; readonly fresh: number } {
    return this.#totals.get(key) ?? { all: 0, fresh: 0 };
  }
}

const keyOf = ({ functionName, source }: ReaderOf): string => `${functionName} ${source}`;
