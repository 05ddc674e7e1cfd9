import { promisify } from 'node:util';
import type { JsonObject } from '../service.ts';
import { type Dynalite, deleteExpired } from './dynalite.ts';
import type { Item } from './store.ts';

export interface TimeToLiveOptions {
  /** @default 3000 */
  readonly everyMs?: number;
  readonly log?: (line: string) => void;
}

const EVERY_MS = 3_000;
/** Items that one sweep looks at in a table, so that big ones are swept in parts. */
const PAGE = 2_000;
/** An item that is over for longer than this is not deleted: its time is taken for a mistake. */
const LONGEST_S = 5 * 365.25 * 86_400;
const END = '\xff';

interface Swept {
  readonly attribute: string;
  /** The key after which the next sweep begins. */
  after: string;
}

/**
 * Deletes items whose time is over, as a service, which the table's stream shows.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 */
export class TimeToLive {
  readonly #engine: Dynalite;
  readonly #options: TimeToLiveOptions;
  readonly #tables = new Map<string, Swept>();
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(engine: Dynalite, options: TimeToLiveOptions = {}) {
    this.#engine = engine;
    this.#options = options;
    this.#timer = setInterval(() => void this.sweep(), options.everyMs ?? EVERY_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** @param attribute holds the seconds since 1970 at which an item is over; undefined: items stay */
  put(table: string, attribute: string | undefined): void {
    if (attribute === undefined) this.#tables.delete(table);
    else if (this.#tables.get(table)?.attribute !== attribute) this.#tables.set(table, { attribute, after: '' });
  }

  describe(table: string): JsonObject {
    const attribute = this.#tables.get(table)?.attribute;
    const enabled = attribute !== undefined && { AttributeName: attribute };
    return { TimeToLiveDescription: { TimeToLiveStatus: enabled ? 'ENABLED' : 'DISABLED', ...enabled } };
  }

  /** Looks at the next part of each table. */
  sweep(): Promise<void> {
    this.#sweeping = this.#sweeping.then(async () => {
      for (const [name, table] of this.#tables) {
        if (this.#closed) return;
        await this.#sweepPart(name, table).catch((error: Error) =>
          this.#options.log?.(`The sweep of ${name} failed: ${error.message}`),
        );
      }
    });
    return this.#sweeping;
  }

  #sweepPart(name: string, table: Swept): Promise<void> {
    const isOver = (item: Item) => isExpired(item[table.attribute], Date.now() / 1_000);
    return this.#engine.use(async (store) => {
      const prefix = `item-${name}~`;
      const entries = await store.db.iterator({ gt: prefix + table.after, lt: prefix + END, limit: PAGE }).all();
      table.after = entries.length < PAGE ? '' : entries.at(-1)![0].slice(prefix.length);
      const over = entries.map(([, item]) => item as Item).filter(isOver);
      if (over.length === 0) return;
      const description = await promisify(store.tableDb.get.bind(store.tableDb))(name);
      if (description === undefined) return;
      await Promise.all(over.map((item) => deleteExpired(store, description, item, isOver)));
    });
  }
}

function isExpired(value: { readonly N?: unknown } | undefined, now: number): boolean {
  const seconds = typeof value?.N === 'string' ? Number(value.N) : Number.NaN;
  return seconds < now && seconds > now - LONGEST_S;
}
