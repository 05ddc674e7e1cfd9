import type { Caller } from '../../../access/caller.ts';
import type { FrontDoor, JsonObject } from '../../service.ts';
import { IteratorReader } from './iterator-reader.ts';
import type { BatchRecord } from './shard-batcher.ts';
import type { Checkpoint, Shard, ShardReader, ShardSource, StartingPosition, WindowOfEvent } from './shard-source.ts';
import { streamBatchInfo, streamEvent } from './stream-event.ts';

/** The streams of tables, as far as they are read without the wire. */
export interface ChangeStore {
  getRecords(input: JsonObject): Promise<JsonObject>;
  /** Of the newest record there is. */
  lastSequenceNumber(): Promise<string>;
  onRecords(streamArn: string, listener: () => void): () => void;
}

export interface DynamoDbSourceOptions {
  readonly frontDoor: Pick<FrontDoor, 'authorize' | 'call'>;
  readonly changes: ChangeStore;
  readonly role: Caller;
  readonly streamArn: string;
}

interface WireRecord extends JsonObject {
  readonly dynamodb: { readonly SequenceNumber: string; readonly ApproximateCreationDateTime: number };
  readonly userIdentity?: { readonly PrincipalId: string; readonly Type: string };
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html */
const PAGE_RECORDS = 1_000;

/** The change stream of a table. */
export class DynamoDbSource implements ShardSource {
  readonly #options: DynamoDbSourceOptions;

  constructor(options: DynamoDbSourceOptions) {
    this.#options = options;
  }

  async check(): Promise<void> {
    await this.#call('ListStreams', {});
    for (const { id } of await this.shards()) await this.reader(id, { type: 'TRIM_HORIZON' }, undefined).read(1);
  }

  async shards(): Promise<Shard[]> {
    const { StreamDescription } = await this.#call('DescribeStream', { StreamArn: this.#options.streamArn });
    const { Shards } = StreamDescription as { Shards: { ShardId: string }[] };
    return Shards.map(({ ShardId }) => ({ id: ShardId, parents: [] }));
  }

  async newest(): Promise<Checkpoint> {
    return { kind: 'after', sequenceNumber: await this.#options.changes.lastSequenceNumber() };
  }

  reader(ShardId: string, _start: StartingPosition, checkpoint: Checkpoint | undefined): ShardReader {
    const { changes, frontDoor, role, streamArn: StreamArn } = this.#options;
    const done = checkpoint?.kind === 'after' ? checkpoint.sequenceNumber : undefined;
    return new IteratorReader({
      open: (after = done) =>
        this.#call('GetShardIterator', {
          StreamArn,
          ShardId,
          ...(after === undefined
            ? { ShardIteratorType: 'TRIM_HORIZON' }
            : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after }),
        }),
      getRecords: async ({ ShardIterator, Limit }) => {
        frontDoor.authorize(role, { action: 'dynamodb:GetRecords', resource: StreamArn });
        return changes.getRecords({ ShardIterator, Limit: Math.min(Number(Limit), PAGE_RECORDS) });
      },
      batchRecord: (record) => batchRecord(record as WireRecord, StreamArn),
    });
  }

  onRecords(listener: () => void): () => void {
    return this.#options.changes.onRecords(this.#options.streamArn, listener);
  }

  event(records: readonly BatchRecord[], shardId: string, window?: WindowOfEvent): string {
    return streamEvent(this.#options.streamArn, records, shardId, window);
  }

  describe(shardId: string, records: readonly BatchRecord[]) {
    return {
      folder: `/${shardId}`,
      info: { DDBStreamBatchInfo: streamBatchInfo(this.#options.streamArn, shardId, records) },
    };
  }

  async close(): Promise<void> {}

  #call(operation: string, input: JsonObject): Promise<JsonObject> {
    return this.#options.frontDoor.call(this.#options.role, 'dynamodb', operation, input);
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
function batchRecord({ userIdentity, ...record }: WireRecord, eventSourceARN: string): BatchRecord {
  const { SequenceNumber, ApproximateCreationDateTime } = record.dynamodb;
  const identity = userIdentity && { type: userIdentity.Type, principalId: userIdentity.PrincipalId };
  return {
    sequenceNumber: SequenceNumber,
    arrival: ApproximateCreationDateTime * 1_000,
    json: JSON.stringify({ ...record, eventSourceARN, ...(identity && { userIdentity: identity }) }),
  };
}
