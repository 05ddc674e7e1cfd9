import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { EngineActions } from '../engine-actions.ts';
import { LevelStore } from '../level-store.ts';
import type { JsonObject } from '../service.ts';
import { type BatchOperation, ItemCommits, type StreamListener } from './item-commits.ts';
import { type ExpressionParser, rememberExpressions } from './known-expressions.ts';
import { readAtOnce } from './read-at-once.ts';
import type { Callback, Item, Store, TableDescription, TableIndex } from './store.ts';

interface IndexActions {
  readonly puts: readonly { readonly index: string; readonly key: string; readonly item: Item }[];
  readonly deletes: readonly { readonly index: string; readonly key: string }[];
}

interface DynaliteError extends Error {
  body?: { Item?: Item };
}

interface Database {
  create(options: { path: string; createTableMs: number; deleteTableMs: number; updateTableMs: number }): Store;
  createKey(item: Item, table: TableDescription): string;
  itemSize(item: Item): number;
  getIndexActions(
    indexes: readonly TableIndex[],
    old: Item | undefined,
    item: Item | undefined,
    table: TableDescription,
  ): IndexActions;
  checkConditional(data: JsonObject, existing: Item | undefined): DynaliteError | null | undefined;
  updateIndexes(
    store: Store,
    table: TableDescription,
    old: Item | undefined,
    item: Item | undefined,
    callback: Callback,
  ): void;
}

const load = createRequire(import.meta.url);
const database = load('dynalite/db') as Database;
for (const parser of ['conditionParser', 'projectionParser', 'updateParser']) {
  rememberExpressions(load(`dynalite/db/${parser}`) as ExpressionParser);
}

const ON_FAILURE = 'ReturnValuesOnConditionCheckFailure';
const CONDITIONAL = ['PutItem', 'UpdateItem', 'DeleteItem'];

const actions = new EngineActions<Store>({
  engine: 'dynalite',
  service: 'DynamoDB',
  operations: [
    'BatchGetItem',
    'BatchWriteItem',
    'CreateTable',
    'DeleteItem',
    'DeleteTable',
    'DescribeTable',
    'DescribeTimeToLive',
    'GetItem',
    'ListTables',
    'ListTagsOfResource',
    'PutItem',
    'Query',
    'Scan',
    'TagResource',
    'UntagResource',
    'UpdateItem',
    'UpdateTable',
  ],
  moreTypes: (operation) => ({
    ...(CONDITIONAL.includes(operation) && { [ON_FAILURE]: { type: 'String', enum: ['ALL_OLD', 'NONE'] } }),
    // There is one copy of every item, so every read is consistent.
    ...(operation === 'Scan' && { ConsistentRead: 'Boolean' }),
  }),
});

// Both are called by the actions inside the lock on the item, so what they see is what the decision was made on.
const commits = new WeakMap<Store, ItemCommits>();
const { checkConditional, updateIndexes } = database;

database.checkConditional = (data, existing) => {
  const error = checkConditional(data, existing);
  if (error?.body !== undefined && existing !== undefined && data[ON_FAILURE] === 'ALL_OLD') error.body.Item = existing;
  return error;
};

database.updateIndexes = (store, table, old, item, callback) => {
  const own = commits.get(store);
  const source = item ?? old;
  if (own === undefined || !source) return updateIndexes(store, table, old, item, callback);
  const index = (['Local', 'Global'] as const).flatMap((kind): BatchOperation[] => {
    const prefix = (name: string) => `index-${kind.toLowerCase()}~${table.TableName}~${name}~`;
    const actions = database.getIndexActions(table[`${kind}SecondaryIndexes`] ?? [], old, item, table);
    return [
      ...actions.deletes.map(({ index, key }) => ({ type: 'del' as const, key: prefix(index) + key })),
      ...actions.puts.map(({ index, key, item: value }) => ({ type: 'put' as const, key: prefix(index) + key, value })),
    ];
  });
  own.prepare(table, database.createKey(source, table), {
    index,
    old: old ?? undefined,
    item: item ?? undefined,
    ...(expiring.has(old ?? {}) && { expired: true }),
  });
  callback();
};

/** Items that are deleted because their time is over. */
const expiring = new WeakSet<Item>();

/** Deletes the item if it is still as `isDue` wants it, as DeleteItem does. */
export function deleteExpired(store: Store, table: TableDescription, item: Item, isDue: (now: Item) => boolean) {
  const items = store.getItemDb(table.TableName);
  const key = database.createKey(item, table);
  return new Promise<void>((resolve, reject) => {
    items.lock(key, (release) => {
      const done = release((error) => (error ? reject(error) : resolve()));
      items.get(key, (error, found) => {
        if (error && error.name !== 'NotFoundError') return done(error);
        if (!found || !isDue(found)) return done();
        expiring.add(found);
        database.updateIndexes(store, table, found, undefined, (failure) => {
          if (failure) return done(failure);
          items.del(key, done);
        });
      });
    });
  });
}

export interface DynaliteOptions {
  readonly directory: string;
  readonly account: string;
  readonly region: string;
  readonly log?: (line: string) => void;
}

/** All tables, on LevelDB. */
export class Dynalite {
  readonly #store: LevelStore<Store>;
  readonly #listeners: Set<StreamListener>;

  private constructor(store: LevelStore<Store>, listeners: Set<StreamListener>) {
    this.#store = store;
    this.#listeners = listeners;
  }

  static async open(options: DynaliteOptions): Promise<Dynalite> {
    mkdirSync(options.directory, { recursive: true });
    const listeners = new Set<StreamListener>();
    const store = await LevelStore.open({
      service: 'DynamoDB',
      faultCode: 'InternalServerError',
      open: () => openStore(options, listeners),
      close: async (opened) => {
        await commits.get(opened)!.idle();
        await opened.db.close();
      },
      ...(options.log && { log: options.log }),
    });
    return new Dynalite(store, listeners);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** Calls `listener` with the ARN of a stream after records of it are durable, until the returned function is called. */
  onRecords(listener: StreamListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Work on the store itself, which must not call `use` or `run`. */
  use<T>(work: (store: Store, items: ItemCommits) => Promise<T>): Promise<T> {
    return this.#store.use((store) => work(store, commits.get(store)!));
  }

  has(operation: string): boolean {
    return actions.has(operation);
  }

  /** @throws ServiceError as DynamoDB words it, or naming a parameter that is not supported here. */
  run(operation: string, input: JsonObject): Promise<JsonObject> {
    return this.#store.use(async (store) => actions.act(store, operation, actions.checked(operation, input, store)));
  }
}

async function openStore(
  { directory, account, region }: DynaliteOptions,
  listeners: ReadonlySet<StreamListener>,
): Promise<Store> {
  const store = database.create({ path: directory, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  store.tableDb.awsAccountId = account;
  store.tableDb.awsRegion = region;
  readAtOnce(store.db);
  await store.db.open();
  await finishInterrupted(store).catch(async (error: unknown) => {
    await store.db.close();
    throw error;
  });
  commits.set(store, new ItemCommits(store, listeners, database.itemSize));
  return store;
}

/** A table that was being made or changed when the process died would stay so for ever. */
async function finishInterrupted({ tableDb }: Store): Promise<void> {
  for await (const table of tableDb.createValueStream() as AsyncIterable<TableDescription>) {
    if (table.TableStatus === 'ACTIVE') continue;
    table.TableStatus = 'ACTIVE';
    for (const index of table.GlobalSecondaryIndexes ?? []) index.IndexStatus = 'ACTIVE';
    await promisify(tableDb.put.bind(tableDb, table.TableName, table))();
  }
}
