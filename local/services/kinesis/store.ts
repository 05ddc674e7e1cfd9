import type { Readable } from 'node:stream';
import type { StreamStore } from './known-streams.ts';

/* What kinesalite keeps, and how it gives access to it. */

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

export interface StoredRecord {
  readonly SequenceNumber: string;
  readonly PartitionKey: string;
  readonly Data: string;
  /** Seconds. */
  readonly ApproximateArrivalTimestamp: number;
}

export interface StoredRange {
  readonly gt: string;
  readonly lt: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

export type Callback<T> = (error: Error | null, value?: T) => void;
type Release = <T>(callback: Callback<T>) => Callback<T>;

export interface Store {
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
  getStreamDb(name: string): { createReadStream(range: StoredRange): Readable };
  deleteStreamDb(name: string, callback: Callback<void>): void;
}

/** Its module of that name. */
export interface Database {
  readonly ITERATOR_PWD_KEY: Buffer;
  readonly ITERATOR_PWD_IV: Buffer;
  create(options: { path: string; createStreamMs: number; deleteStreamMs: number; shardLimit: number }): Store;
  createShardIterator(stream: string, shard: string, sequence: string): string;
  parseSequence(sequence: string): object;
  incrementSequence(parsed: object): string;
  resolveShardId(shardId: string): { shardIx: number };
  shardIxToHex(index: number): string;
}
