import { createDecipheriv } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { type JsonObject, ServiceError } from '../service.ts';

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
  readonly db: { open(callback: Callback<void>): void; close(callback: Callback<void>): void };
  readonly metaDb: {
    awsAccountId: string;
    awsRegion: string;
    put(key: string, stream: StoredStream, callback: Callback<void>): void;
    del(key: string, callback: Callback<void>): void;
    createValueStream(): Readable;
    lock(key: string, locked: (release: Release) => void): void;
  };
  getStream(name: string, callback: Callback<StoredStream>): void;
  getStreamDb(name: string): { createReadStream(range: { gt: string; lt: string }): Readable };
  deleteStreamDb(name: string, callback: Callback<void>): void;
}

interface Database {
  readonly ITERATOR_PWD_KEY: Buffer;
  readonly ITERATOR_PWD_IV: Buffer;
  create(options: { path: string; createStreamMs: number; deleteStreamMs: number; shardLimit: number }): Store;
  createShardIterator(stream: string, shard: string, sequence: string): string;
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

/** The store of all streams, on LevelDB. */
export class Kinesalite {
  readonly #store: Store;

  private constructor(store: Store) {
    this.#store = store;
  }

  static async open(options: { directory: string; account: string; region: string }): Promise<Kinesalite> {
    mkdirSync(options.directory, { recursive: true });
    const store = database.create({
      path: options.directory,
      createStreamMs: STATE_CHANGE_MS,
      deleteStreamMs: STATE_CHANGE_MS,
      shardLimit: SHARD_LIMIT,
    });
    store.metaDb.awsAccountId = options.account;
    store.metaDb.awsRegion = options.region;
    await promisify(store.db.open.bind(store.db))();
    const opened = new Kinesalite(store);
    await opened.#finishInterrupted();
    return opened;
  }

  close(): Promise<void> {
    return promisify(this.#store.db.close.bind(this.#store.db))();
  }

  has(operation: string): boolean {
    return operations.has(operation);
  }

  /** @throws ServiceError as Kinesis words it, or naming a parameter that is not supported here. */
  run(operation: string, input: JsonObject): Promise<JsonObject> {
    const { action, types, custom } = operations.get(operation)!;
    for (const name of Object.keys(input)) {
      if (types[name] === undefined && input[name] !== undefined && input[name] !== null) {
        throw new ServiceError('ValidationException', `The local Kinesis does not support ${operation}.${name}.`);
      }
    }
    return new Promise((resolve, reject) => {
      try {
        const data = validations.checkTypes({ ...input }, types);
        validations.checkValidations(data, types, custom, operation);
        action(this.#store, data, (error, value) => (error ? reject(serviceError(error)) : resolve(value ?? {})));
      } catch (error) {
        reject(serviceError(error as Error));
      }
    });
  }

  stream(name: string): Promise<StoredStream> {
    return new Promise((resolve, reject) => {
      this.#store.getStream(name, (error, stream) => (error ? reject(serviceError(error)) : resolve(stream!)));
    });
  }

  async untilActive(name: string): Promise<StoredStream> {
    for (;;) {
      const stream = await this.stream(name);
      if (stream.StreamStatus === 'ACTIVE') return stream;
      await new Promise((resolve) => setTimeout(resolve, ACTIVE_POLL_MS));
    }
  }

  async change(name: string, change: (stream: StoredStream) => void): Promise<void> {
    await this.exclusively(name, async () => {
      const stream = await this.stream(name);
      change(stream);
      await promisify(this.#store.metaDb.put.bind(this.#store.metaDb, name, stream))();
    });
  }

  /** While no record is being written to the stream. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#store.metaDb.lock(name, (release) => {
        const done = release<T>((error, value) => (error ? reject(error) : resolve(value as T)));
        work().then((value) => done(null, value), done);
      });
    });
  }

  /** An iterator at the first record that arrived at `seconds` or later; undefined when there is none yet. */
  async iteratorAt(name: string, shardId: string, seconds: number): Promise<string | undefined> {
    const { shardIx } = database.resolveShardId(shardId);
    const range = { gt: database.shardIxToHex(shardIx), lt: database.shardIxToHex(shardIx + 1) };
    type Entry = { key: string; value: { ApproximateArrivalTimestamp: number } };
    for await (const { key, value } of this.#store.getStreamDb(name).createReadStream(range) as AsyncIterable<Entry>) {
      if (value.ApproximateArrivalTimestamp >= seconds) {
        return database.createShardIterator(name, shardId, key.split('/')[1]!);
      }
    }
    return undefined;
  }

  /** A stream that was being made or deleted when the process died would stay so for ever. */
  async #finishInterrupted(): Promise<void> {
    for await (const stream of this.#store.metaDb.createValueStream() as AsyncIterable<StoredStream>) {
      if (stream.StreamStatus === 'ACTIVE') continue;
      if (stream.StreamStatus === 'UPDATING') {
        await promisify(
          this.#store.metaDb.put.bind(this.#store.metaDb, stream.StreamName, { ...stream, StreamStatus: 'ACTIVE' }),
        )();
        continue;
      }
      await promisify(this.#store.deleteStreamDb)(stream.StreamName);
      await promisify(this.#store.metaDb.del.bind(this.#store.metaDb, stream.StreamName))();
    }
  }
}

/** The stream that a shard iterator belongs to; undefined for a string that is no iterator. */
export function streamOfIterator(iterator: unknown): string | undefined {
  try {
    const decipher = createDecipheriv('aes-256-cbc', database.ITERATOR_PWD_KEY, database.ITERATOR_PWD_IV);
    const bytes = Buffer.from(String(iterator), 'base64').subarray(8);
    return Buffer.concat([decipher.update(bytes), decipher.final()])
      .toString()
      .split('/')[1];
  } catch {
    return undefined;
  }
}

function serviceError(error: Error & { statusCode?: number; body?: { __type: string; message?: string } }): Error {
  if (error.statusCode === undefined || error.body === undefined) return error;
  return new ServiceError(error.body.__type, error.body.message ?? '', error.statusCode);
}
