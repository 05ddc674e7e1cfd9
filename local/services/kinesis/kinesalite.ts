import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { EngineActions, serviceError } from '../engine-actions.ts';
import { LevelStore } from '../level-store.ts';
import { type JsonObject, ServiceError } from '../service.ts';
import { rememberStreams } from './known-streams.ts';
import { cutPage, iteratorAt, newestRecords, originOfIterator, PAGE_RECORDS } from './pages.ts';
import type { Database, Store, StoredRecord, StoredStream } from './store.ts';

const database = createRequire(import.meta.url)('kinesalite/db') as Database;
const actions = new EngineActions<Store>({
  engine: 'kinesalite',
  service: 'Kinesis',
  operations: [
    'AddTagsToStream',
    'CreateStream',
    'DecreaseStreamRetentionPeriod',
    'DeleteStream',
    'DescribeStream',
    'DescribeStreamSummary',
    'GetRecords',
    'GetShardIterator',
    'IncreaseStreamRetentionPeriod',
    'ListShards',
    'ListStreams',
    'ListTagsForStream',
    'MergeShards',
    'PutRecord',
    'PutRecords',
    'RemoveTagsFromStream',
    'SplitShard',
  ],
});

/** kinesalite waits this long before a stream is active or gone. */
const STATE_CHANGE_MS = 0;
const ACTIVE_POLL_MS = 2;
const SHARD_LIMIT = 10_000;

export interface KinesaliteOptions {
  readonly directory: string;
  readonly account: string;
  readonly region: string;
  readonly log?: (line: string) => void;
}

/** The store of all streams, on LevelDB. */
export class Kinesalite {
  readonly #store: LevelStore<Store>;

  private constructor(store: LevelStore<Store>) {
    this.#store = store;
  }

  static async open(options: KinesaliteOptions): Promise<Kinesalite> {
    mkdirSync(options.directory, { recursive: true });
    const store = await LevelStore.open({
      service: 'Kinesis',
      faultCode: 'InternalFailure',
      open: () => openStore(options),
      close: ({ db }) => promisify(db.close.bind(db))(),
      ...(options.log && { log: options.log }),
    });
    return new Kinesalite(store);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  has(operation: string): boolean {
    return actions.has(operation);
  }

  /** @throws ServiceError as Kinesis words it, or naming a parameter that is not supported here. */
  run(operation: string, input: JsonObject): Promise<JsonObject> {
    return this.act(operation, this.checked(operation, input));
  }

  /** The input of an operation in the form that `act` takes. @throws ServiceError as `run` */
  checked(operation: string, input: JsonObject): JsonObject {
    return actions.checked(operation, input, operation);
  }

  act(operation: string, checked: JsonObject): Promise<JsonObject> {
    return this.#store.use((store) => actions.act(store, operation, checked));
  }

  /**
   * Waits for a put that has its sequence number but is not stored yet: an empty answer must not step over it.
   * A page is cut at 10 MiB.
   */
  getRecords(input: JsonObject): Promise<JsonObject> {
    const checked = this.checked('GetRecords', input);
    const origin = originOfIterator(input['ShardIterator']);
    return this.#store.use(async (store) => {
      if (origin === undefined) return actions.act(store, 'GetRecords', checked);
      const page = await exclusively(store, origin.stream, () => actions.act(store, 'GetRecords', checked));
      return cutPage(store, origin, Number(input['Limit'] ?? PAGE_RECORDS), page);
    });
  }

  stream(name: string): Promise<StoredStream> {
    return this.#store.use((store) => storedStream(store, name));
  }

  async untilActive(name: string): Promise<StoredStream> {
    for (;;) {
      const stream = await this.stream(name);
      if (stream.StreamStatus === 'ACTIVE') return stream;
      await new Promise((resolve) => setTimeout(resolve, ACTIVE_POLL_MS));
    }
  }

  /** The engine answers to a deletion before it is done, and dies when the store is closed meanwhile. */
  async untilGone(name: string): Promise<void> {
    try {
      while ((await this.stream(name)).StreamStatus === 'DELETING') {
        await new Promise((resolve) => setTimeout(resolve, ACTIVE_POLL_MS));
      }
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'ResourceNotFoundException')) throw error;
    }
  }

  change(name: string, change: (stream: StoredStream) => void): Promise<void> {
    return this.#store.use((store) =>
      exclusively(store, name, async () => {
        const stream = await storedStream(store, name);
        change(stream);
        await promisify(store.metaDb.put.bind(store.metaDb, name, stream))();
      }),
    );
  }

  /** As {@link iteratorAt} of `pages.ts`. */
  iteratorAt(stream: string, shardId: string, seconds: number): Promise<string | undefined> {
    return this.#store.use((store) => iteratorAt(store, { stream, shardId }, seconds));
  }

  /** As {@link newestRecords} of `pages.ts`. */
  newestRecords(stream: string, shardId: string, limit: number): Promise<StoredRecord[]> {
    return this.#store.use((store) => newestRecords(store, { stream, shardId }, limit));
  }
}

async function openStore({ directory, account, region }: KinesaliteOptions): Promise<Store> {
  const store = database.create({
    path: directory,
    createStreamMs: STATE_CHANGE_MS,
    deleteStreamMs: STATE_CHANGE_MS,
    shardLimit: SHARD_LIMIT,
  });
  store.metaDb.awsAccountId = account;
  store.metaDb.awsRegion = region;
  rememberStreams(store.metaDb);
  // The store opens itself as soon as it is made, and tells of a failure by this event alone.
  await new Promise<void>((resolve, reject) => {
    store.db.on('error', reject);
    store.db.open(() => resolve());
  });
  await finishInterrupted(store).catch(async (error: unknown) => {
    await promisify(store.db.close.bind(store.db))();
    throw error;
  });
  return store;
}

/** A stream that was being made or deleted when the process died would stay so for ever. */
async function finishInterrupted({ metaDb, deleteStreamDb }: Store): Promise<void> {
  for await (const stream of metaDb.createValueStream() as AsyncIterable<StoredStream>) {
    if (stream.StreamStatus === 'ACTIVE') continue;
    if (stream.StreamStatus === 'UPDATING') {
      await promisify(metaDb.put.bind(metaDb, stream.StreamName, { ...stream, StreamStatus: 'ACTIVE' }))();
      continue;
    }
    await promisify(deleteStreamDb)(stream.StreamName);
    await promisify(metaDb.del.bind(metaDb, stream.StreamName))();
  }
}

function storedStream(store: Store, name: string): Promise<StoredStream> {
  return new Promise((resolve, reject) => {
    store.getStream(name, (error, stream) => (error ? reject(serviceError(error)) : resolve(stream!)));
  });
}

/** While no record is being written to the stream. */
function exclusively<T>(store: Store, name: string, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    store.metaDb.lock(name, (release) => {
      const done = release<T>((error, value) => (error ? reject(error) : resolve(value as T)));
      work().then((value) => done(null, value), done);
    });
  });
}
