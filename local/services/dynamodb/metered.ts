import type { CapacityObserver } from '../cloudwatch/sources/observers.ts';
import { type JsonObject, ServiceError } from '../service.ts';
import { Capacity, type Use } from './capacity.ts';
import type { Dynalite } from './dynalite.ts';
import type { Item, TableDescription } from './store.ts';

const SINGLE: Readonly<Record<string, Use>> = {
  GetItem: 'Read',
  PutItem: 'Write',
  UpdateItem: 'Write',
  DeleteItem: 'Write',
  Query: 'Read',
  Scan: 'Read',
};
const CHANGES_TABLE = new Set(['CreateTable', 'UpdateTable', 'DeleteTable']);

interface Consumed {
  readonly TableName: string;
  readonly CapacityUnits: number;
}

/** How a batch operation names its entries: a table's part of the request from and to the list of them. */
interface Batch {
  readonly operation: 'BatchGetItem' | 'BatchWriteItem';
  readonly use: Use;
  readonly left: 'UnprocessedKeys' | 'UnprocessedItems';
  entries(request: unknown): readonly unknown[];
  request(entries: readonly unknown[], of: unknown): unknown;
  key(entry: unknown): unknown;
}

const BATCH_GET: Batch = {
  operation: 'BatchGetItem',
  use: 'Read',
  left: 'UnprocessedKeys',
  entries: (request) => listOf((request as JsonObject | null)?.['Keys']),
  request: (Keys, of) => ({ ...(of as JsonObject), Keys }),
  key: (entry) => entry,
};

const BATCH_WRITE: Batch = {
  operation: 'BatchWriteItem',
  use: 'Write',
  left: 'UnprocessedItems',
  entries: listOf,
  request: (entries) => entries,
  key: (entry) => {
    const { PutRequest, DeleteRequest } = (entry ?? {}) as Record<string, JsonObject | undefined>;
    return PutRequest?.['Item'] ?? DeleteRequest?.['Key'];
  },
};

/** dynalite's operations, within the capacity of their tables. */
export class MeteredDynalite {
  readonly #engine: Dynalite;
  readonly #capacity: Capacity;
  readonly #tables = new Map<string, TableDescription>();

  constructor(engine: Dynalite, observer?: CapacityObserver) {
    this.#engine = engine;
    this.#capacity = new Capacity(observer);
  }

  /** @throws ServiceError as DynamoDB words it */
  async run(operation: string, input: JsonObject): Promise<JsonObject> {
    const use = SINGLE[operation];
    if (use !== undefined) return this.#single(operation, use, input);
    if (operation === 'BatchGetItem') return this.#batch(BATCH_GET, input);
    if (operation === 'BatchWriteItem') return this.#batch(BATCH_WRITE, input);
    if (CHANGES_TABLE.has(operation)) this.#tables.delete(String(input['TableName']));
    return this.#engine.run(operation, input);
  }

  async #single(operation: string, use: Use, input: JsonObject): Promise<JsonObject> {
    const table = await this.#table(input['TableName']);
    if (table === undefined) return this.#engine.run(operation, input);
    const key = partitionKey(table, input['Key'] ?? input['Item']);
    const refusal = this.#capacity.refusal(table, use, key);
    if (refusal !== undefined) throw refusal;
    const keys = key === undefined ? [] : [key];
    try {
      const { ConsumedCapacity, ...result } = await this.#engine.run(operation, measured(input));
      this.#capacity.spend(table, use, (ConsumedCapacity as Consumed).CapacityUnits, keys);
      return isAsked(input) ? { ...result, ConsumedCapacity } : result;
    } catch (error) {
      // A condition that fails has cost a write.
      if (error instanceof ServiceError && error.code === 'ConditionalCheckFailedException') {
        this.#capacity.spend(table, use, 1, keys);
      }
      throw error;
    }
  }

  /** What is throttled is handed back as unprocessed, unless it is all: then it is refused. */
  async #batch(batch: Batch, input: JsonObject): Promise<JsonObject> {
    const taken: JsonObject = {};
    const left: JsonObject = {};
    const keys = new Map<string, string[]>();
    let refused: ServiceError | undefined;
    for (const [name, request] of Object.entries((input['RequestItems'] ?? {}) as JsonObject)) {
      const table = await this.#table(name);
      const [mine, others]: [unknown[], unknown[]] = [[], []];
      for (const entry of batch.entries(request)) {
        const key = table && partitionKey(table, batch.key(entry));
        const refusal = table && this.#capacity.refusal(table, batch.use, key);
        (refusal === undefined ? mine : others).push(entry);
        refused ??= refusal;
        if (key !== undefined && refusal === undefined) keys.set(name, [...(keys.get(name) ?? []), key]);
      }
      if (others.length > 0) left[name] = batch.request(others, request);
      if (mine.length > 0) taken[name] = batch.request(mine, request);
      if (others.length === 0) taken[name] = request;
    }
    if (refused !== undefined && Object.keys(taken).length === 0) throw refused;
    const answer = await this.#engine.run(
      batch.operation,
      measured(refused === undefined ? input : { ...input, RequestItems: taken }),
    );
    const { ConsumedCapacity, ...result } = answer;
    for (const { TableName, CapacityUnits } of ConsumedCapacity as Consumed[]) {
      this.#capacity.spend(this.#tables.get(TableName)!, batch.use, CapacityUnits, keys.get(TableName) ?? []);
    }
    const unprocessed = { ...left, ...(result[batch.left] as JsonObject) };
    return { ...result, [batch.left]: unprocessed, ...(isAsked(input) && { ConsumedCapacity }) };
  }

  /** Undefined when there is none: the engine says so in its way. */
  async #table(name: unknown): Promise<TableDescription | undefined> {
    const known = this.#tables.get(String(name));
    if (known !== undefined) return known;
    try {
      const table = (await this.#engine.run('DescribeTable', { TableName: name }))['Table'] as TableDescription;
      if (table.TableStatus === 'ACTIVE') this.#tables.set(table.TableName, table);
      return table;
    } catch (error) {
      if (error instanceof ServiceError && error.status < 500) return undefined;
      throw error;
    }
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function partitionKey(table: TableDescription, item: unknown): string | undefined {
  const hash = table.KeySchema.find(({ KeyType }) => KeyType === 'HASH')!.AttributeName;
  const value = (item as Item | null | undefined)?.[hash];
  return value === undefined ? undefined : JSON.stringify(value);
}

const isAsked = ({ ReturnConsumedCapacity: asked }: JsonObject): boolean => asked === 'TOTAL' || asked === 'INDEXES';

/** The engine measures only when it is asked to. */
function measured(input: JsonObject): JsonObject {
  const asked = input['ReturnConsumedCapacity'] ?? 'NONE';
  return asked === 'NONE' ? { ...input, ReturnConsumedCapacity: 'TOTAL' } : input;
}
