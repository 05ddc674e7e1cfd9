import type { AccessRequest } from '../../access/caller.ts';
import { putStreamRead } from '../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import { type JsonObject, type JsonService, ServiceError } from '../service.ts';
import { Kinesalite } from './kinesalite.ts';
import { originOfIterator } from './pages.ts';
import { ShardLimits } from './shard-limits.ts';
import type { StoredRecord, StoredStream } from './store.ts';

export interface KinesisOptions {
  /** Where the streams are kept. */
  readonly directory: string;
  readonly account: string;
  readonly region: string;
  /** Told in one line when the store does not work, and when it does again. */
  readonly log?: (line: string) => void;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
}

export interface ShardRecord extends StoredRecord {
  readonly ShardId: string;
}

/** On-demand streams start with four shards: https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html */
const ON_DEMAND_SHARDS = 4;
const LIST_SHARDS_DEFAULT = 1_000;

/** Kinesis Data Streams on kinesalite, in this process. */
export class KinesisService implements JsonService {
  readonly name = 'kinesis';
  readonly #engine: Kinesalite;
  readonly #arnPrefix: string;
  readonly #limits: ShardLimits;
  readonly #metrics: MetricSink | undefined;
  readonly #listeners = new Map<string, Set<() => void>>();

  private constructor(engine: Kinesalite, { account, region, metrics }: KinesisOptions) {
    this.#metrics = metrics;
    this.#engine = engine;
    this.#arnPrefix = `arn:aws:kinesis:${region}:${account}:stream/`;
    this.#limits = new ShardLimits(account);
  }

  static async open(options: KinesisOptions): Promise<KinesisService> {
    return new KinesisService(await Kinesalite.open(options), options);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  arn(stream: string): string {
    return this.#arnPrefix + stream;
  }

  /** Calls `listener` after records were put into the stream, until the returned function is called. */
  onPut(stream: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(stream) ?? new Set();
    this.#listeners.set(stream, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /**
   * `GetRecords` without the limits of a shard, for readers of this process: they are told of each put, as a consumer
   * with enhanced fan-out is, and like it take nothing of what the other readers share.
   */
  async read(input: JsonObject): Promise<JsonObject> {
    const page = await this.#engine.getRecords(input);
    const stream = this.#metrics && originOfIterator(input['ShardIterator'])?.stream;
    if (stream !== undefined) putStreamRead(this.#metrics!, stream, page);
    return page;
  }

  /**
   * The newest records of each shard, for who looks on: unlike a reader it has no share of the shard's limits, and its
   * lag is nobody's. @throws ServiceError ResourceNotFoundException
   */
  async newest(stream: string, limit: number): Promise<ShardRecord[]> {
    const { Shards } = await this.#engine.stream(stream);
    const found = Shards.map(async ({ ShardId }) =>
      (await this.#engine.newestRecords(stream, ShardId, limit)).map((record) => ({ ShardId, ...record })),
    );
    return (await Promise.all(found)).flat();
  }

  /** The stream as it is stored; undefined when there is none. */
  async find(stream: string): Promise<StoredStream | undefined> {
    try {
      return await this.#engine.stream(stream);
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }

  access(operation: string, input: JsonObject): readonly AccessRequest[] {
    if (!this.#engine.has(operation)) throw this.#unknown(operation);
    const action = `kinesis:${operation}`;
    if (operation === 'ListStreams') return [{ action, resource: '*' }];
    return [{ action, resource: this.arn(this.#streamOf(input) ?? '') }];
  }

  async call(operation: string, input: JsonObject): Promise<JsonObject> {
    if (!this.#engine.has(operation)) throw this.#unknown(operation);
    const { StreamARN, ...rest } = input;
    const named =
      StreamARN === undefined || rest['StreamName'] !== undefined
        ? rest
        : { ...rest, StreamName: this.#streamOf(input) };
    switch (operation) {
      case 'CreateStream':
        return this.#create(named);
      case 'DeleteStream': {
        const result = await this.#engine.run(operation, named);
        await this.#engine.untilGone(String(named['StreamName']));
        return result;
      }
      case 'GetRecords':
        return this.#getRecords(rest);
      case 'GetShardIterator':
        return this.#getShardIterator(named);
      case 'ListShards':
        return this.#listShards(named);
      case 'PutRecord':
        return this.#putRecord(named);
      case 'PutRecords':
        return this.#putRecords(named);
      default:
        return this.#engine.run(operation, named);
    }
  }

  async #create({ StreamModeDetails, ...input }: JsonObject): Promise<JsonObject> {
    const mode = (StreamModeDetails as { StreamMode?: string } | undefined)?.StreamMode ?? 'PROVISIONED';
    const shards = mode === 'ON_DEMAND' ? ON_DEMAND_SHARDS : input['ShardCount'];
    const result = await this.#engine.run('CreateStream', { ...input, ShardCount: shards });
    const name = String(input['StreamName']);
    await this.#engine.untilActive(name);
    await this.#engine.change(name, (stream) => {
      stream.StreamModeDetails = { StreamMode: mode };
    });
    return result;
  }

  async #putRecord(input: JsonObject): Promise<JsonObject> {
    const checked = this.#engine.checked('PutRecord', input);
    const stream = await this.#engine.stream(String(checked['StreamName']));
    const [exceeded] = this.#limits.put(stream, [checked]);
    if (exceeded !== undefined) throw exceeded;
    const result = await this.#engine.act('PutRecord', checked);
    this.#tellPut(stream);
    return result;
  }

  /** What its shard does not take is told record by record: the call itself succeeds. */
  async #putRecords(input: JsonObject): Promise<JsonObject> {
    const checked = this.#engine.checked('PutRecords', input);
    const stream = await this.#engine.stream(String(checked['StreamName']));
    const records = checked['Records'] as JsonObject[];
    const exceeded = this.#limits.put(stream, records);
    const Records = records.filter((_, index) => exceeded[index] === undefined);
    const put = Records.length === 0 ? [] : (await this.#engine.act('PutRecords', { ...checked, Records }))['Records'];
    if (Records.length > 0) this.#tellPut(stream);
    const results = (put as JsonObject[]).values();
    return {
      FailedRecordCount: records.length - Records.length,
      Records: exceeded.map((error) =>
        error === undefined ? results.next().value! : { ErrorCode: error.code, ErrorMessage: error.message },
      ),
    };
  }

  #tellPut({ StreamName }: StoredStream): void {
    for (const listener of this.#listeners.get(StreamName) ?? []) listener();
  }

  async #getRecords(input: JsonObject): Promise<JsonObject> {
    const origin = originOfIterator(input['ShardIterator']);
    if (origin !== undefined) this.#limits.beforeRead(origin.stream, origin.shardId);
    const page = await this.read(input);
    if (origin !== undefined) this.#limits.afterRead(origin.stream, origin.shardId, page['Records'] as StoredRecord[]);
    return page;
  }

  async #getShardIterator(input: JsonObject): Promise<JsonObject> {
    const { ShardIteratorType, Timestamp } = input;
    if (ShardIteratorType !== 'AT_TIMESTAMP' || typeof Timestamp !== 'number' || Timestamp * 1000 > Date.now()) {
      return this.#engine.run('GetShardIterator', input);
    }
    // The engine answers never when no record is that young; the next one to come is meant then.
    const fallback = await this.#engine.run('GetShardIterator', {
      StreamName: input['StreamName'],
      ShardId: input['ShardId'],
      ShardIteratorType: 'LATEST',
    });
    const at = await this.#engine.iteratorAt(String(input['StreamName']), String(input['ShardId']), Timestamp);
    return at === undefined ? fallback : { ShardIterator: at };
  }

  async #listShards({ NextToken, MaxResults, ...input }: JsonObject): Promise<JsonObject> {
    const page = NextToken === undefined ? undefined : pageOf(NextToken);
    const listed = await this.#engine.run('ListShards', page ?? input);
    const shards = listed['Shards'] as StoredStream['Shards'];
    const limit = typeof MaxResults === 'number' && MaxResults > 0 ? MaxResults : LIST_SHARDS_DEFAULT;
    const last = shards[limit - 1];
    if (last === undefined || shards.length === limit) return listed;
    const next: ShardPage = {
      StreamName: String((page ?? input)['StreamName']),
      ExclusiveStartShardId: last.ShardId,
    };
    return { Shards: shards.slice(0, limit), NextToken: Buffer.from(JSON.stringify(next)).toString('base64url') };
  }

  #streamOf(input: JsonObject): string | undefined {
    const { StreamName, StreamARN, ShardIterator, NextToken } = input;
    if (typeof StreamName === 'string') return StreamName;
    if (typeof StreamARN === 'string') {
      if (!StreamARN.startsWith(this.#arnPrefix)) {
        throw new ServiceError(
          'ResourceNotFoundException',
          `There is no stream ${StreamARN} here: ARNs begin with ${this.#arnPrefix}`,
        );
      }
      return StreamARN.slice(this.#arnPrefix.length);
    }
    return NextToken === undefined ? originOfIterator(ShardIterator)?.stream : pageOf(NextToken).StreamName;
  }

  #unknown(operation: string): ServiceError {
    return new ServiceError('UnknownOperationException', `The local Kinesis does not have the operation ${operation}.`);
  }
}

type ShardPage = { StreamName: string; ExclusiveStartShardId: string };

function pageOf(token: unknown): ShardPage {
  try {
    return JSON.parse(Buffer.from(String(token), 'base64url').toString()) as ShardPage;
  } catch {
    throw new ServiceError('ExpiredNextTokenException', 'The NextToken was not given out by ListShards.');
  }
}
