import { type JsonObject, ServiceError } from '../../service.ts';
import type { BatchRecord } from './shard-batcher.ts';
import type { ShardReader } from './shard-source.ts';

export interface IteratorCalls {
  /** `GetShardIterator` after a sequence number; undefined before the first record is read. */
  open(after: string | undefined): Promise<JsonObject>;
  getRecords(input: JsonObject): Promise<JsonObject>;
  batchRecord(record: JsonObject): BatchRecord;
}

/** Reads a shard as Kinesis and DynamoDB streams let read: by iterators that live for some minutes. */
export class IteratorReader implements ShardReader {
  readonly #calls: IteratorCalls;
  /** Where to start anew when the iterator is lost. */
  #after: string | undefined;
  #iterator: string | undefined;

  constructor(calls: IteratorCalls) {
    this.#calls = calls;
  }

  async read(limit: number): Promise<{ records: BatchRecord[]; ended: boolean }> {
    this.#iterator ??= String((await this.#calls.open(this.#after))['ShardIterator']);
    let page: JsonObject;
    try {
      page = await this.#calls.getRecords({ ShardIterator: this.#iterator, Limit: limit });
    } catch (error) {
      this.#iterator = undefined;
      // After a pause longer than an iterator lives; the next read opens another at the same place.
      if (error instanceof ServiceError && error.code === 'ExpiredIteratorException')
        return { records: [], ended: false };
      throw error;
    }
    const records = (page['Records'] as JsonObject[]).map((record) => this.#calls.batchRecord(record));
    this.#after = records.at(-1)?.sequenceNumber ?? this.#after;
    this.#iterator = page['NextShardIterator'] as string | undefined;
    return { records, ended: this.#iterator === undefined };
  }
}
