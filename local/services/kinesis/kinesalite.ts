import { createDecipheriv } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { LevelStore } from '../level-store.ts';
import { type JsonObject, ServiceError } from '../service.ts';
import { rememberStreams, type StreamStore } from './known-streams.ts';

/*
 * kinesalite's actions, called in this process: the same validation and dispatch as in its HTTP handler
 * (https://github.com/mhart/kinesalite), without a socket.
 */

export interface StoredShard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly AdjacentParentShardId?: string;
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
  readonly SequenceNumberRange: { readonly StartingSequenceNumber: string; readonly EndingSequenceNumber?: string };
}

export interface StoredStream {
  StreamName: string;
  StreamStatus: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING';
  StreamModeDetails?: { StreamMode: string };
  RetentionPeriodHours: number;
  Shards: StoredShard[];
}

type Callback<T> = (error: Error | null, value?: T) => void;
type Release = <T>(callback: Callback<T>) => Callback<T>;

interface Store {
  readonly db: {
    open(callback: Callback<void>): void;
    close(callback: Callback<void>): void;
    on(event: 'error', listener: (error: Error) => void): void;
  };
  readonly metaDb: StreamStore & {
    awsAccountId: string;
    awsRegion: string;
    createValueStream(): Readable;
    lock(key: string, locked: (release: Release) => void): void;
  };
  getStream(name: string, callback: Callback<StoredStream>): void;
  getStreamDb(name: string): { createReadStream(range: { gt: string; lt: string; limit?: number }): Readable };
  deleteStreamDb(name: string, callback: Callback<void>): void;
}

interface Database {
  readonly ITERATOR_PWD_KEY: Buffer;
  readonly ITERATOR_PWD_IV: Buffer;
  create(options: { path: string; createStreamMs: number; deleteStreamMs: number; shardLimit: number }): Store;
  createShardIterator(stream: string, shard: string, sequence: string): string;
  parseSequence(sequence: string): object;
  incrementSequence(parsed: object): string;
  resolveShardId(shardId: string): { shardIx: number };
  shardIxToHex(index: number): string;
}

interface Validations {
  checkTypes(data: JsonObject, types: JsonObject): JsonObject;
  checkValidations(data: JsonObject, types: JsonObject, custom: unknown, operation: string): void;
}

type Action = (store: Store, data: JsonObject, callback: Callback<JsonObject>) => void;

const load = createRequire(import.meta.url);
const database = load('kinesalite/db') as Database;
const validations = load('kinesalite/validations') as Validations;

const OPERATIONS = [
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
] as const;

interface Operation {
  readonly action: Action;
  readonly types: JsonObject;
  readonly custom: unknown;
}

const operations = new Map<string, Operation>(
  OPERATIONS.map((name) => {
    const file = name[0]!.toLowerCase() + name.slice(1);
    const { types, custom } = load(`kinesalite/validations/${file}`) as { types: JsonObject; custom: unknown };
    return [name, { action: load(`kinesalite/actions/${file}`) as Action, types, custom }];
  }),
);

/** kinesalite waits this long before a stream is active or gone. */
const STATE_CHANGE_MS = 0;
const ACTIVE_POLL_MS = 2;
const SHARD_LIMIT = 10_000;

/** What one answer of `GetRecords` holds at most. */
const PAGE_BYTES = 10 * 1_048_576;
const PAGE_RECORDS = 10_000;

export interface StoredRecord {
  readonly SequenceNumber: string;
  readonly Data: string;
  /** Seconds. */
  readonly ApproximateArrivalTimestamp: number;
}

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
    return operations.has(operation);
  }

  /** @throws ServiceError as Kinesis words it, or naming a parameter that is not supported here. */
  run(operation: string, input: JsonObject): Promise<JsonObject> {
    return this.act(operation, this.checked(operation, input));
  }

  /** The input of an operation in the form that `act` takes. @throws ServiceError as `run` */
  checked(operation: string, input: JsonObject): JsonObject {
    const { types, custom } = operations.get(operation)!;
    for (const name of Object.keys(input)) {
      if (types[name] === undefined && input[name] !== undefined && input[name] !== null) {
        throw new ServiceError('ValidationException', `The local Kinesis does not support ${operation}.${name}.`);
      }
    }
    try {
      const data = validations.checkTypes({ ...input }, types);
      validations.checkValidations(data, types, custom, operation);
      return data;
    } catch (error) {
      throw serviceError(error as Error);
    }
  }

  act(operation: string, checked: JsonObject): Promise<JsonObject> {
    return this.#store.use((store) => act(store, operation, checked));
  }

  /**
   * Waits for a put that has its sequence number but is not stored yet: an empty answer must not step over it.
   * A page is cut at 10 MiB.
   */
  getRecords(input: JsonObject): Promise<JsonObject> {
    const checked = this.checked('GetRecords', input);
    const origin = originOfIterator(input['ShardIterator']);
    return this.#store.use(async (store) => {
      if (origin === undefined) return act(store, 'GetRecords', checked);
      const page = await exclusively(store, origin.stream, () => act(store, 'GetRecords', checked));
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

  /** An iterator at the first record that arrived at `seconds` or later; undefined when there is none yet. */
  iteratorAt(name: string, shardId: string, seconds: number): Promise<string | undefined> {
    return this.#store.use(async (store) => {
      for await (const { key, value } of entriesAfter(store, { stream: name, shardId })) {
        if (value.ApproximateArrivalTimestamp >= seconds) {
          return database.createShardIterator(name, shardId, key.split('/')[1]!);
        }
      }
      return undefined;
    });
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

function act(store: Store, operation: string, checked: JsonObject): Promise<JsonObject> {
  return new Promise((resolve, reject) => {
    operations
      .get(operation)!
      .action(store, checked, (error, value) => (error ? reject(serviceError(error)) : resolve(value ?? {})));
  });
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

/** The engine knows no limit of bytes, and says of each page that it is the last. */
async function cutPage(store: Store, origin: ShardOrigin, limit: number, page: JsonObject): Promise<JsonObject> {
  const records = page['Records'] as StoredRecord[];
  let bytes = 0;
  const kept = records.filter(({ Data }, index) => {
    bytes += Buffer.byteLength(Data, 'base64');
    return bytes <= PAGE_BYTES || index === 0;
  });
  const last = kept.at(-1);
  if (last === undefined) return page;
  const isCut = kept.length < records.length;
  if (!isCut && records.length < limit) return page;
  if (!isCut && !(await hasEntryAfter(store, origin, last.SequenceNumber))) return page;
  const next = database.incrementSequence(database.parseSequence(last.SequenceNumber));
  return {
    ...page,
    Records: kept,
    NextShardIterator: database.createShardIterator(origin.stream, origin.shardId, next),
    MillisBehindLatest: Math.max(1, Math.round(Date.now() - last.ApproximateArrivalTimestamp * 1_000)),
  };
}

async function hasEntryAfter(store: Store, origin: ShardOrigin, sequenceNumber: string): Promise<boolean> {
  for await (const _ of entriesAfter(store, origin, sequenceNumber, 1)) return true;
  return false;
}

type Entry = { readonly key: string; readonly value: { readonly ApproximateArrivalTimestamp: number } };

function entriesAfter(store: Store, { stream, shardId }: ShardOrigin, sequenceNumber?: string, limit = -1) {
  const { shardIx } = database.resolveShardId(shardId);
  const shard = database.shardIxToHex(shardIx);
  const gt = sequenceNumber === undefined ? shard : `${shard}/${sequenceNumber}`;
  const range = { gt, lt: database.shardIxToHex(shardIx + 1), limit };
  return store.getStreamDb(stream).createReadStream(range) as AsyncIterable<Entry>;
}

export interface ShardOrigin {
  readonly stream: string;
  readonly shardId: string;
}

/** The shard that an iterator belongs to; undefined for a string that is no iterator. */
export function originOfIterator(iterator: unknown): ShardOrigin | undefined {
  try {
    const decipher = createDecipheriv('aes-256-cbc', database.ITERATOR_PWD_KEY, database.ITERATOR_PWD_IV);
    const bytes = Buffer.from(String(iterator), 'base64').subarray(8);
    const [, stream, shardId] = Buffer.concat([decipher.update(bytes), decipher.final()])
      .toString()
      .split('/');
    return stream === undefined || shardId === undefined ? undefined : { stream, shardId };
  } catch {
    return undefined;
  }
}

function serviceError(error: Error & { statusCode?: number; body?: { __type: string; message?: string } }): Error {
  if (error.statusCode === undefined || error.body === undefined) return error;
  return new ServiceError(error.body.__type, error.body.message ?? '', error.statusCode);
}
