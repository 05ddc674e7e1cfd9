import { isDeepStrictEqual } from 'node:util';
import type { Item, ItemStore, Store, TableDescription } from './dynalite.ts';

export type BatchOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

/** One item as it was and as it became; undefined where there was or is none. */
export interface ItemChange {
  readonly table: string;
  readonly keys: Item;
  readonly old: Item | undefined;
  readonly item: Item | undefined;
  /** Milliseconds. */
  readonly time: number;
}

export type ItemListener = (changes: readonly ItemChange[]) => void;

interface Prepared {
  readonly index: readonly BatchOperation[];
  readonly keys: Item;
  readonly old: Item | undefined;
  readonly item: Item | undefined;
}

interface Write {
  readonly operations: readonly BatchOperation[];
  readonly change: ItemChange | undefined;
  readonly done: (error?: Error | null) => void;
}

/**
 * Stores an item and its index entries in one LevelDB batch, and the writes that wait meanwhile in the next one.
 * Changes are told in the order of the commits; a write that changes nothing is none.
 */
export class ItemCommits {
  readonly #store: Store;
  readonly #prepared = new Map<string, Prepared>();
  readonly #listeners: ReadonlySet<ItemListener>;
  #waiting: Write[] = [];
  #pump: Promise<void> | undefined;

  constructor(store: Store, listeners: ReadonlySet<ItemListener>) {
    this.#store = store;
    this.#listeners = listeners;
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

  async idle(): Promise<void> {
    await this.#pump;
  }

  /** What the write of this item, which follows under the same lock, brings along. */
  prepare(table: TableDescription, key: string, { index, old, item }: Omit<Prepared, 'keys'>): void {
    const source = (item ?? old)!;
    const keys = Object.fromEntries(table.KeySchema.map(({ AttributeName: name }) => [name, source[name]!]));
    this.#prepared.set(`${table.TableName}~${key}`, { index, keys, old, item });
  }

  #write(table: string, key: string, item: Item | undefined, done: Write['done']): void {
    const prepared = this.#prepared.get(`${table}~${key}`);
    this.#prepared.delete(`${table}~${key}`);
    const itemKey = `item-${table}~${key}`;
    const operation: BatchOperation =
      item === undefined ? { type: 'del', key: itemKey } : { type: 'put', key: itemKey, value: item };
    this.#waiting.push({
      operations: [...(prepared?.index ?? []), operation],
      change: this.#listeners.size > 0 && prepared !== undefined ? changeOf(table, prepared) : undefined,
      done,
    });
    this.#pump ??= this.#commitAll();
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const writes = this.#waiting;
      this.#waiting = [];
      let failure: Error | null = null;
      try {
        await this.#store.db.batch(writes.flatMap(({ operations }) => operations));
      } catch (error) {
        failure = error as Error;
      }
      for (const { done } of writes) done(failure);
      const changes = writes.flatMap(({ change }) => (change === undefined ? [] : [change]));
      if (failure === null && changes.length > 0) for (const listener of this.#listeners) listener(changes);
    }
    this.#pump = undefined;
  }
}

function changeOf(table: string, { keys, old, item }: Prepared): ItemChange | undefined {
  // The engine's items have no prototype; only their content counts.
  if (isDeepStrictEqual(plain(old), plain(item))) return undefined;
  return { table, keys, old, item, time: Date.now() };
}

const plain = (item: Item | undefined): unknown => (item === undefined ? undefined : JSON.parse(JSON.stringify(item)));
