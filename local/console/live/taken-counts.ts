import type { TakenRecords } from '../../services/lambda/event-sources/event-source-mappings.ts';

const WINDOW_S = 10;

/** A function and what it reads: a stream, a table or a topic, by its name. */
export interface ReaderOf {
  readonly functionName: string;
  readonly source: string;
}

/** How many records functions took from what they read, since the start and in the last seconds. */
export class TakenCounts {
  readonly #totals = new Map<string, number>();
  /** Of a reader: second -> records. */
  readonly #seconds = new Map<string, Map<number, number>>();

  /** @param now epoch milliseconds */
  see({ functionName, sourceArn, topic, records }: TakenRecords, now: number): void {
    // `arn:…:stream/<name>`, `arn:…:table/<name>/stream/<label>`
    const key = keyOf({ functionName, source: topic ?? sourceArn.split('/')[1]! });
    this.#totals.set(key, (this.#totals.get(key) ?? 0) + records);
    const counts = this.#seconds.get(key) ?? new Map<number, number>();
    this.#seconds.set(key, counts);
    const second = Math.floor(now / 1_000);
    counts.set(second, (counts.get(second) ?? 0) + records);
    for (const other of counts.keys()) if (other < second - WINDOW_S) counts.delete(other);
  }

  total(readers: readonly ReaderOf[]): number {
    return readers.reduce((sum, reader) => sum + (this.#totals.get(keyOf(reader)) ?? 0), 0);
  }

  /** Records a second. @param now epoch milliseconds */
  rate(readers: readonly ReaderOf[], now: number): number {
    const oldest = Math.floor(now / 1_000) - WINDOW_S;
    const recent = readers
      .flatMap((reader) => [...(this.#seconds.get(keyOf(reader)) ?? [])])
      .filter(([second]) => second >= oldest);
    return recent.reduce((sum, [, records]) => sum + records, 0) / WINDOW_S;
  }
}

const keyOf = ({ functionName, source }: ReaderOf): string => `${functionName} ${source}`;
