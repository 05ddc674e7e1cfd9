import { promisify } from 'node:util';
import type { AccessRequest } from '../../access/caller.ts';
import { type JsonObject, ServiceError } from '../service.ts';
import {
  type ChangeRecord,
  countOf,
  isSequenceNumber,
  prefixOf,
  RECORDS,
  type StreamViewType,
  sequenceNumberOf,
  shardIds,
  wireRecord,
} from './change-record.ts';
import type { Dynalite } from './dynalite.ts';
import type { StreamListener } from './item-commits.ts';
import type { Store, TableDescription } from './store.ts';

export interface StreamsOptions {
  readonly region: string;
  /** Of tables: `arn:aws:dynamodb:<region>:<account>:table/`. */
  readonly arnPrefix: string;
}

/** A table with a stream. */
type Streamed = TableDescription &
  Required<Pick<TableDescription, 'LatestStreamArn' | 'LatestStreamLabel' | 'StreamSpecification'>>;

interface Iterator {
  readonly streamArn: string;
  readonly shardId: string;
  /** Records after this sequence number come next. */
  readonly after: string;
  /** Milliseconds. */
  readonly made: number;
}

const OPERATIONS = new Set(['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams']);
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html */
const PAGE_RECORDS = 1_000;
const PAGE_BYTES = 1_024 * 1_024;
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html */
const ITERATOR_MS = 15 * 60_000;
const RETENTION_MS = 24 * 3_600_000;
const TRIM_EVERY_MS = 10 * 60_000;
const TRIM_PAGE = 1_000;
const END = '\xff';
const LIST_LIMIT = 100;

/** The streams of tables: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html */
export class TableStreams {
  readonly #engine: Dynalite;
  readonly #options: StreamsOptions;
  readonly #trimming: NodeJS.Timeout;

  constructor(engine: Dynalite, options: StreamsOptions) {
    this.#engine = engine;
    this.#options = options;
    // Not at once: what was written before a long pause is for its readers first.
    this.#trimming = setInterval(() => void this.trim().catch(() => {}), TRIM_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#trimming);
  }

  has(operation: string): boolean {
    return OPERATIONS.has(operation);
  }

  /** Calls `listener` after records were put into the stream, until the returned function is called. */
  onRecords(streamArn: string, listener: () => void): () => void {
    const own: StreamListener = (arn) => {
      if (arn === streamArn) listener();
    };
    return this.#engine.onRecords(own);
  }

  /** The number that the records of the next write will be greater than. */
  lastSequenceNumber(): Promise<string> {
    return this.#engine.use(async (_, items) => items.lastSequenceNumber);
  }

  /**
   * Gives the table a stream with this view, or none. An unchanged one stays as it is; another view makes another stream.
   * @returns the table as it is then
   */
  put(table: string, view: StreamViewType | undefined): Promise<TableDescription> {
    return this.#engine.use(
      ({ tableDb }) =>
        new Promise((resolve, reject) => {
          tableDb.lock(table, (release) => {
            let result: TableDescription;
            const done = release((error) => (error ? reject(error) : resolve(result)));
            tableDb.get(table, (error, found) => {
              if (error || found === undefined) return done(error ?? new Error(`There is no table ${table}.`));
              result = found;
              if (found.StreamSpecification?.StreamViewType === view) return done();
              delete found.StreamSpecification;
              delete found.LatestStreamArn;
              delete found.LatestStreamLabel;
              if (view !== undefined) {
                found.StreamSpecification = { StreamEnabled: true, StreamViewType: view };
                found.LatestStreamLabel = new Date().toISOString().slice(0, -1);
                found.LatestStreamArn = `${found.TableArn}/stream/${found.LatestStreamLabel}`;
              }
              tableDb.put(table, found, done);
            });
          });
        }),
    );
  }

  access(operation: string, { StreamArn, ShardIterator }: JsonObject): readonly AccessRequest[] {
    const action = `dynamodb:${operation}`;
    if (operation === 'ListStreams') return [{ action, resource: '*' }];
    const resource = operation === 'GetRecords' ? iteratorOf(ShardIterator).streamArn : String(StreamArn ?? '');
    return [{ action, resource }];
  }

  async call(operation: string, input: JsonObject): Promise<JsonObject> {
    switch (operation) {
      case 'DescribeStream':
        return this.#describe(input);
      case 'GetShardIterator':
        return this.#getShardIterator(input);
      case 'GetRecords':
        return this.getRecords(input);
      default:
        return this.#list(input);
    }
  }

  async getRecords({ ShardIterator, Limit }: JsonObject): Promise<JsonObject> {
    const iterator = iteratorOf(ShardIterator);
    const { streamArn, shardId, after, made } = iterator;
    if (Date.now() - made > ITERATOR_MS) throw new ServiceError('ExpiredIteratorException', 'The iterator is expired.');
    const limit = Limit === undefined ? PAGE_RECORDS : Number(Limit);
    if (!(limit >= 1 && limit <= PAGE_RECORDS)) {
      throw new ServiceError('ValidationException', `Limit is from 1 to ${PAGE_RECORDS}.`);
    }
    const { table, entries } = await this.#engine.use(async (store) => {
      const found = await this.#table(store, streamArn);
      const prefix = prefixOf(found.TableName, found.LatestStreamLabel, shardId);
      const range = { gt: prefix + after, lt: prefix + END, limit };
      return { table: found, entries: (await store.db.iterator(range).all()) as [string, ChangeRecord][] };
    });
    const view = table.StreamSpecification.StreamViewType!;
    let bytes = 0;
    let last = after;
    const records: JsonObject[] = [];
    for (const [key, record] of entries) {
      bytes += record.sizeBytes;
      if (records.length > 0 && bytes > PAGE_BYTES) break;
      last = key.slice(key.lastIndexOf('~') + 1);
      records.push(wireRecord(last, record, { view, region: this.#options.region }));
    }
    return { Records: records, NextShardIterator: textOf({ ...iterator, after: last, made: Date.now() }) };
  }

  /** Deletes what is older than streams keep records. */
  async trim(now = Date.now()): Promise<void> {
    let from = RECORDS;
    for (;;) {
      const next = await this.#engine.use(async ({ db }) => {
        const range = { gt: from, lt: RECORDS + END, limit: TRIM_PAGE };
        const entries = (await db.iterator(range).all()) as [string, ChangeRecord][];
        const shard = entries[0]?.[0].slice(0, entries[0][0].lastIndexOf('~') + 1);
        if (shard === undefined) return undefined;
        const old = entries
          .filter(([key, { time }]) => key.startsWith(shard) && now - time > RETENTION_MS)
          .map(([key]) => ({ type: 'del' as const, key }));
        if (old.length > 0) await db.batch(old);
        // The rest of a shard is younger than its first record that stays.
        return old.length === entries.length ? from : shard + END;
      });
      if (next === undefined) return;
      from = next;
    }
  }

  async #describe({ StreamArn, ExclusiveStartShardId, Limit, ...others }: JsonObject): Promise<JsonObject> {
    refuse('DescribeStream', others);
    const table = await this.#engine.use((store) => this.#table(store, String(StreamArn ?? '')));
    const { LatestStreamLabel: label } = table;
    const ids = shardIds(label);
    const from = ExclusiveStartShardId === undefined ? 0 : ids.indexOf(String(ExclusiveStartShardId)) + 1;
    const page = ids.slice(from, from + Number(Limit ?? LIST_LIMIT));
    return {
      StreamDescription: {
        CreationRequestDateTime: Math.floor(Date.parse(`${label}Z`) / 1_000),
        KeySchema: table.KeySchema,
        ...(from + page.length < ids.length && { LastEvaluatedShardId: page.at(-1) }),
        Shards: page.map((ShardId) => ({
          ShardId,
          SequenceNumberRange: { StartingSequenceNumber: sequenceNumberOf(0n) },
        })),
        StreamArn: table.LatestStreamArn,
        StreamLabel: label,
        StreamStatus: 'ENABLED',
        StreamViewType: table.StreamSpecification.StreamViewType,
        TableName: table.TableName,
      },
    };
  }

  async #getShardIterator(input: JsonObject): Promise<JsonObject> {
    const { ShardId, ShardIteratorType, SequenceNumber, ...others } = input;
    const { StreamArn, ...rest } = others;
    refuse('GetShardIterator', rest);
    const streamArn = String(StreamArn ?? '');
    const { table, newest } = await this.#engine.use(async (store, items) => ({
      table: await this.#table(store, streamArn),
      newest: items.lastSequenceNumber,
    }));
    const shardId = String(ShardId ?? '');
    if (!shardIds(table.LatestStreamLabel).includes(shardId)) {
      throw new ServiceError('ResourceNotFoundException', `Requested resource not found: Shard: ${shardId} not found`);
    }
    const after = startOf(String(ShardIteratorType), SequenceNumber, newest);
    return { ShardIterator: textOf({ streamArn, shardId, after, made: Date.now() }) };
  }

  async #list({ TableName, ExclusiveStartStreamArn, Limit, ...others }: JsonObject): Promise<JsonObject> {
    refuse('ListStreams', others);
    const tables = await this.#engine.use(async ({ tableDb }) => {
      const found: TableDescription[] = [];
      for await (const table of tableDb.createValueStream() as AsyncIterable<TableDescription>) found.push(table);
      return found;
    });
    const streams = tables
      .filter((table) => isStreamed(table) && (TableName === undefined || table.TableName === TableName))
      .map(({ LatestStreamArn: StreamArn, LatestStreamLabel: StreamLabel, TableName: name }) => ({
        StreamArn: StreamArn!,
        StreamLabel,
        TableName: name,
      }))
      .filter(({ StreamArn }) => ExclusiveStartStreamArn === undefined || StreamArn > String(ExclusiveStartStreamArn))
      .sort((a, b) => (a.StreamArn < b.StreamArn ? -1 : 1));
    const page = streams.slice(0, Number(Limit ?? LIST_LIMIT));
    return { Streams: page, ...(page.length < streams.length && { LastEvaluatedStreamArn: page.at(-1)!.StreamArn }) };
  }

  async #table({ tableDb }: Store, streamArn: string): Promise<Streamed> {
    const { arnPrefix } = this.#options;
    const name = streamArn.startsWith(arnPrefix) ? streamArn.slice(arnPrefix.length).split('/')[0]! : '';
    const found = name === '' ? undefined : await promisify(tableDb.get.bind(tableDb))(name).catch(noneFound);
    if (found === undefined || !isStreamed(found) || found.LatestStreamArn !== streamArn) {
      throw new ServiceError(
        'ResourceNotFoundException',
        `Requested resource not found: Stream: ${streamArn} not found`,
      );
    }
    return found;
  }
}

const isStreamed = (table: TableDescription): table is Streamed => table.StreamSpecification?.StreamEnabled === true;

function noneFound(error: Error & { code?: string }): undefined {
  if (error.name !== 'NotFoundError' && error.code !== 'LEVEL_NOT_FOUND') throw error;
}

/** The sequence number after which the iterator begins; before all there are it is the empty text. */
function startOf(type: string, sequenceNumber: unknown, newest: string): string {
  if (type === 'TRIM_HORIZON') return '';
  if (type === 'LATEST') return newest;
  if (type !== 'AT_SEQUENCE_NUMBER' && type !== 'AFTER_SEQUENCE_NUMBER') {
    throw new ServiceError('ValidationException', `There is no ShardIteratorType ${type}.`);
  }
  if (!isSequenceNumber(sequenceNumber)) {
    throw new ServiceError('ValidationException', `${sequenceNumber} is not a sequence number of this stream.`);
  }
  return type === 'AFTER_SEQUENCE_NUMBER' ? sequenceNumber : sequenceNumberOf(countOf(sequenceNumber) - 1n);
}

const textOf = (iterator: Iterator): string => Buffer.from(JSON.stringify(iterator)).toString('base64url');

function iteratorOf(text: unknown): Iterator {
  try {
    const iterator = JSON.parse(Buffer.from(String(text), 'base64url').toString()) as Iterator;
    if (typeof iterator.streamArn === 'string') return iterator;
  } catch {
    // Refused below.
  }
  throw new ServiceError('ValidationException', 'The ShardIterator was not given out by GetShardIterator.');
}

function refuse(operation: string, others: JsonObject): void {
  const [name] = Object.keys(others);
  if (name !== undefined) {
    throw new ServiceError('ValidationException', `The local DynamoDB does not support ${operation}.${name}.`);
  }
}
