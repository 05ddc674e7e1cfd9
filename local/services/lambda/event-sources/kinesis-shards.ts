import type { Caller } from '../../../access/caller.ts';
import type { FrontDoor, JsonObject } from '../../service.ts';
import { IteratorReader } from './iterator-reader.ts';
import { batchRecord, type KinesisRecord } from './kinesis-records.ts';
import type { BatchRecord } from './shard-batcher.ts';
import type { Checkpoint, Shard, ShardReader, ShardSource, StartingPosition, WindowOfEvent } from './shard-source.ts';
import { streamBatchInfo, streamEvent } from './stream-event.ts';

/** Kinesis, as far as it is read without the wire. */
export interface RecordStore {
  /** `GetRecords` without the limits of a shard. */
  read(input: JsonObject): Promise<JsonObject>;
  /** Calls `listener` after records were put into the stream, until the returned function is called. */
  onPut(stream: string, listener: () => void): () => void;
}

export interface KinesisSourceOptions {
  readonly frontDoor: Pick<FrontDoor, 'authorize' | 'call'>;
  readonly records: RecordStore;
  readonly role: Caller;
  readonly streamArn: string;
  readonly region: string;
}

/** A stream of Kinesis. */
export class KinesisSource implements ShardSource {
  readonly #options: KinesisSourceOptions;

  constructor(options: KinesisSourceOptions) {
    this.#options = options;
  }

  async check(): Promise<void> {
    for (const operation of ['DescribeStream', 'DescribeStreamSummary']) {
      await this.#call(operation, { StreamARN: this.#options.streamArn });
    }
    for (const { id } of (await this.shards()).slice(0, 1)) {
      await this.reader(id, { type: 'TRIM_HORIZON' }, undefined).read(1);
    }
  }

  async shards(): Promise<Shard[]> {
    const found: Shard[] = [];
    let input: JsonObject = { StreamARN: this.#options.streamArn };
    for (;;) {
      const { Shards, NextToken } = await this.#call('ListShards', input);
      for (const shard of Shards as { ShardId: string; ParentShardId?: string; AdjacentParentShardId?: string }[]) {
        const parents = [shard.ParentShardId, shard.AdjacentParentShardId].filter((one) => one !== undefined);
        found.push({ id: shard.ShardId, parents });
      }
      if (NextToken === undefined) return found;
      input = { NextToken };
    }
  }

  async newest(): Promise<Checkpoint> {
    return { kind: 'from-time', seconds: Date.now() / 1_000 };
  }

  reader(ShardId: string, start: StartingPosition, checkpoint: Checkpoint | undefined): ShardReader {
    const { frontDoor, records, region, role, streamArn: StreamARN } = this.#options;
    const origin = { shardId: ShardId, region, streamArn: StreamARN, roleArn: role.arn };
    return new IteratorReader({
      open: (after) => {
        const position = after === undefined ? initial(start, checkpoint) : positionAfter(after);
        return this.#call('GetShardIterator', { StreamARN, ShardId, ...position });
      },
      getRecords: async (input) => {
        frontDoor.authorize(role, { action: 'kinesis:GetRecords', resource: StreamARN });
        return records.read(input);
      },
      batchRecord: (record) => batchRecord(record as unknown as KinesisRecord, origin),
    });
  }

  onRecords(listener: () => void): () => void {
    const { records, streamArn } = this.#options;
    return records.onPut(streamArn.slice(streamArn.lastIndexOf('/') + 1), listener);
  }

  event(records: readonly BatchRecord[], shardId: string, window?: WindowOfEvent): string {
    return streamEvent(this.#options.streamArn, records, shardId, window);
  }

  describe(shardId: string, records: readonly BatchRecord[]) {
    return {
      folder: `/${shardId}`,
      info: { KinesisBatchInfo: streamBatchInfo(this.#options.streamArn, shardId, records) },
    };
  }

  async close(): Promise<void> {}

  #call(operation: string, input: JsonObject): Promise<JsonObject> {
    return this.#options.frontDoor.call(this.#options.role, 'kinesis', operation, input);
  }
}

function initial(start: StartingPosition, checkpoint: Checkpoint | undefined): JsonObject {
  if (checkpoint?.kind === 'after') return positionAfter(checkpoint.sequenceNumber);
  if (checkpoint?.kind === 'from-time') return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: checkpoint.seconds };
  if (start.type === 'AT_TIMESTAMP') return { ShardIteratorType: start.type, Timestamp: start.seconds };
  return { ShardIteratorType: start.type };
}

const positionAfter = (StartingSequenceNumber: string): JsonObject => ({
  ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
  StartingSequenceNumber,
});
