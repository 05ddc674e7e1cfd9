import type { TakenRecords } from '../../services/lambda/event-sources/event-source-mappings.ts';
import { RecentCount } from './recent-count.ts';

/** A function and what it reads: a stream, a table or a topic, by its name. */
export interface ReaderOf {
  readonly functionName: string;
  readonly source: string;
}

/** How many records functions are through with, since the start and in the last seconds. */
export class TakenCounts {
  readonly #since: number;
  /** By reader. */
  readonly #counts = new Map<string, { all: number; fresh: number; readonly recent: RecentCount }>();

  /** @param since the start, epoch milliseconds */
  constructor(since: number) {
    this.#since = since;
  }

  /** @param now epoch milliseconds */
  see({ functionName, sourceArn, topic, arrivals }: TakenRecords, now: number): void {
    // `arn:…:stream/<name>`, `arn:…:table/<name>/stream/<label>`
    const key = keyOf({ functionName, source: topic ?? sourceArn.split('/')[1]! });
    const counts = this.#counts.get(key) ?? { all: 0, fresh: 0, recent: new RecentCount() };
    this.#counts.set(key, counts);
    counts.all += arrivals.length;
    counts.fresh += arrivals.filter((arrival) => arrival >= this.#since).length;
    counts.recent.add(arrivals.length, now);
  }

  /** Of them, `fresh` are those that arrived since the start. */
  total(readers: readonly ReaderOf[], which: 'all' | 'fresh'): number {
    return readers.reduce((sum, reader) => sum + (this.#counts.get(keyOf(reader))?.[which] ?? 0), 0);
  }

  /** Records a second. @param now epoch milliseconds */
  rate(readers: readonly ReaderOf[], now: number): number {
    return readers.reduce((sum, reader) => sum + (this.#counts.get(keyOf(reader))?.recent.rate(now) ?? 0), 0);
  }
}

const keyOf = ({ functionName, source }: ReaderOf): string => `${functionName} ${source}`;
