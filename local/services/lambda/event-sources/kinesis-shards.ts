import type { Caller } from '../../../access/caller.ts';
import { type FrontDoor, type JsonObject, ServiceError } from '../../service.ts';
import type { Checkpoint } from './checkpoints.ts';
import { batchRecord, type KinesisRecord, type ShardOrigin } from './kinesis-records.ts';
import type { BatchRecord } from './shard-batcher.ts';
import type { ShardReader } from './shard-poller.ts';

export interface Shard {
  readonly id: string;
  readonly parents: readonly string[];
}

export type StartingPosition =
  | { readonly type: 'TRIM_HORIZON' | 'LATEST' }
  | { readonly type: 'AT_TIMESTAMP'; readonly seconds: number };

/** Kinesis, as far as it is read without the wire. */
export interface RecordStore {
  /** `GetRecords` without the limits of a shard. */
  read(input: JsonObject): Promise<JsonObject>;
}

/** One stream, read as a function's role: a missing grant is refused here as on AWS. */
export class KinesisSource {
  readonly #frontDoor: Pick<FrontDoor, 'authorize' | 'call'>;
  readonly #records: RecordStore;
  readonly #role: Caller;
  readonly #streamArn: string;

  constructor(frontDoor: Pick<FrontDoor, 'authorize' | 'call'>, records: RecordStore, role: Caller, streamArn: string) {
    this.#frontDoor = frontDoor;
    this.#records = records;
    this.#role = role;
    this.#streamArn = streamArn;
  }

  call(operation: string, input: JsonObject): Promise<JsonObject> {
    return this.#frontDoor.call(this.#role, 'kinesis', operation, input);
  }

  async getRecords(input: JsonObject): Promise<JsonObject> {
    this.#frontDoor.authorize(this.#role, { action: 'kinesis:GetRecords', resource: this.#streamArn });
    return this.#records.read(input);
  }

  /** Makes every call that a mapping will make once, so that a missing grant stops the start. */
  async check(): Promise<void> {
    for (const operation of ['DescribeStream', 'DescribeStreamSummary']) {
      await this.call(operation, { StreamARN: this.#streamArn });
    }
    for (const { id } of (await this.shards()).slice(0, 1)) {
      await this.reader(id, '', { type: 'TRIM_HORIZON' }, undefined).read(1);
    }
  }

  async shards(): Promise<Shard[]> {
    const found: Shard[] = [];
    let input: JsonObject = { StreamARN: this.#streamArn };
    for (;;) {
      const { Shards, NextToken } = await this.call('ListShards', input);
      for (const shard of Shards as { ShardId: string; ParentShardId?: string; AdjacentParentShardId?: string }[]) {
        const parents = [shard.ParentShardId, shard.AdjacentParentShardId].filter((one) => one !== undefined);
        found.push({ id: shard.ShardId, parents });
      }
      if (NextToken === undefined) return found;
      input = { NextToken };
    }
  }

  reader(shardId: string, region: string, start: StartingPosition, checkpoint: Checkpoint | undefined): ShardReader {
    const origin: ShardOrigin = { shardId, region, streamArn: this.#streamArn, roleArn: this.#role.arn };
    return new KinesisShardReader(this, origin, iteratorInput(start, checkpoint));
  }
}

class KinesisShardReader implements ShardReader {
  readonly #source: KinesisSource;
  readonly #origin: ShardOrigin;
  /** Where to start anew when the iterator is lost. */
  #position: JsonObject;
  #iterator: string | undefined;

  constructor(source: KinesisSource, origin: ShardOrigin, position: JsonObject) {
    this.#source = source;
    this.#origin = origin;
    this.#position = position;
  }

  async read(limit: number): Promise<{ records: BatchRecord[]; ended: boolean }> {
    const { streamArn: StreamARN, shardId: ShardId } = this.#origin;
    if (this.#iterator === undefined) {
      const opened = await this.#source.call('GetShardIterator', { StreamARN, ShardId, ...this.#position });
      this.#iterator = String(opened['ShardIterator']);
    }
    let page: JsonObject;
    try {
      page = await this.#source.getRecords({ ShardIterator: this.#iterator, Limit: limit });
    } catch (error) {
      this.#iterator = undefined;
      // After a pause longer than an iterator lives; the next read opens another at the same place.
      if (error instanceof ServiceError && error.code === 'ExpiredIteratorException')
        return { records: [], ended: false };
      throw error;
    }
    const records = (page['Records'] as KinesisRecord[]).map((record) => batchRecord(record, this.#origin));
    const last = records.at(-1);
    if (last !== undefined) this.#position = after(last.sequenceNumber);
    this.#iterator = page['NextShardIterator'] as string | undefined;
    return { records, ended: this.#iterator === undefined };
  }
}

function iteratorInput(start: StartingPosition, checkpoint: Checkpoint | undefined): JsonObject {
  if (checkpoint?.kind === 'after') return after(checkpoint.sequenceNumber);
  if (checkpoint?.kind === 'from-time') return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: checkpoint.seconds };
  if (start.type === 'AT_TIMESTAMP') return { ShardIteratorType: start.type, Timestamp: start.seconds };
  return { ShardIteratorType: start.type };
}

const after = (sequenceNumber: string): JsonObject => ({
  ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
  StartingSequenceNumber: sequenceNumber,
});
