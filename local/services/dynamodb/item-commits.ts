import {
  type Change,
  type ChangePlace,
  type ChangeRecord,
  changeRecord,
  countOf,
  LAST,
  placeOf,
  sequenceNumberOf,
} from './change-record.ts';
import type { Item, ItemStore, Store, TableDescription } from './store.ts';

export type BatchOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

/** Told of a stream, by its ARN, after records of it are durable. */
export type StreamListener = (streamArn: string) => void;

interface Prepared {
  readonly index: readonly BatchOperation[];
  readonly streamed: { readonly place: ChangePlace; readonly record: ChangeRecord } | undefined;
}

interface Write extends Prepared {
  readonly operation: BatchOperation;
  readonly done: (error?: Error | null) => void;
}

/**
 * Stores an item, its index entries and its record in the table's stream in one LevelDB batch, and the writes that wait
 * meanwhile in the next one. So the order of sequence numbers is the order of the commits, and a stream holds exactly
 * what was written.
 */
export class ItemCommits {
  readonly #store: Store;
  readonly #sizeOf: (item: Item) => number;
  readonly #prepared = new Map<string, Prepared>();
  readonly #listeners: ReadonlySet<StreamListener>;
  #count: bigint;
  #waiting: Write[] = [];
  #pump: Promise<void> | undefined;

  constructor(store: Store, listeners: ReadonlySet<StreamListener>, sizeOf: (item: Item) => number) {
    this.#store = store;
    this.#listeners = listeners;
    this.#sizeOf = sizeOf;
    const last = store.db.getSync(LAST);
    this.#count = typeof last === 'string' ? countOf(last) : 0n;
    const getItemDb = store.getItemDb;
    const adapted = new WeakSet<ItemStore>();
    store.getItemDb = (table) => {
      const items = getItemDb(table);
      if (!adapted.has(items)) {
        adapted.add(items);
        items.put = (key, item, done) => this.#write(table, key, item, done);
        items.del = (key, done) => this.#write(table, key, undefined, done);
      }
      return items;
    };
  }

  /** Of the newest record there is in any stream. */
  get lastSequenceNumber(): string {
    return sequenceNumberOf(this.#count);
  }

  async idle(): Promise<void> {
    await this.#pump;
  }

  /** What the write of this item, which follows under the same lock, brings along. */
  prepare(
    table: TableDescription,
    key: string,
    { index, ...change }: Omit<Change, 'keys'> & Pick<Prepared, 'index'>,
  ): void {
    const source = (change.item ?? change.old)!;
    const keys = Object.fromEntries(table.KeySchema.map(({ AttributeName: name }) => [name, source[name]!]));
    const place = placeOf(table, keys);
    const record = place && changeRecord({ ...change, keys }, table.StreamSpecification!.StreamViewType!, this.#sizeOf);
    this.#prepared.set(`${table.TableName}~${key}`, { index, streamed: place && record && { place, record } });
  }

  #write(table: string, key: string, item: Item | undefined, done: Write['done']): void {
    const { index = [], streamed } = this.#prepared.get(`${table}~${key}`) ?? {};
    this.#prepared.delete(`${table}~${key}`);
    const itemKey = `item-${table}~${key}`;
    const operation: BatchOperation =
      item === undefined ? { type: 'del', key: itemKey } : { type: 'put', key: itemKey, value: item };
    this.#waiting.push({ index, operation, streamed, done });
    this.#pump ??= this.#commitAll();
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const writes = this.#waiting;
      this.#waiting = [];
      const streams = new Set<string>();
      const operations = writes.flatMap(({ index, operation, streamed }): BatchOperation[] => {
        if (streamed === undefined) return [...index, operation];
        streams.add(streamed.place.streamArn);
        this.#count += 1n;
        const key = streamed.place.prefix + this.lastSequenceNumber;
        return [...index, operation, { type: 'put', key, value: streamed.record }];
      });
      if (streams.size > 0) operations.push({ type: 'put', key: LAST, value: this.lastSequenceNumber });
      let failure: Error | null = null;
      try {
        await this.#store.db.batch(operations);
      } catch (error) {
        failure = error as Error;
      }
      for (const { done } of writes) done(failure);
      if (failure !== null) continue;
      for (const stream of streams) for (const listener of this.#listeners) listener(stream);
    }
    this.#pump = undefined;
  }
}
