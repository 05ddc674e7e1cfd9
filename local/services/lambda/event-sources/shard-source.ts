import type { BatchRecord } from './shard-batcher.ts';

/** What is read in order: a shard of a stream, a partition of a topic. */
export interface Shard {
  readonly id: string;
  readonly parents: readonly string[];
}

export type StartingPosition =
  | { readonly type: 'TRIM_HORIZON' | 'LATEST' }
  | { readonly type: 'AT_TIMESTAMP'; readonly seconds: number };

/** A tumbling window that has begun, and what the function keeps in it. */
export interface OpenWindow {
  /** Milliseconds. */
  readonly start: number;
  readonly state: unknown;
}

/** Where a mapping stands in a shard. */
export type Checkpoint =
  | { readonly kind: 'after'; readonly sequenceNumber: string; readonly window?: OpenWindow }
  /** Nothing is done yet; records count from this time on (seconds). */
  | { readonly kind: 'from-time'; readonly seconds: number }
  /** The shard is closed and read to its end. */
  | { readonly kind: 'end' };

/** Reads one shard; keeps its place. */
export interface ShardReader {
  /** The next records; `ended` when none will ever follow. */
  read(limit: number): Promise<{ readonly records: readonly BatchRecord[]; readonly ended: boolean }>;
}

/** What the event of an invocation says of its tumbling window. */
export interface WindowOfEvent extends OpenWindow {
  readonly lengthMs: number;
  readonly final: boolean;
}

/** A source of records, read as a function's role: a missing grant is refused as on AWS. */
export interface ShardSource {
  /** Makes every call that a mapping will make once, so that a missing grant stops the start. */
  check(): Promise<void>;
  shards(): Promise<readonly Shard[]>;
  /** Where a mapping that starts with LATEST begins. */
  newest(shardId: string): Promise<Checkpoint>;
  reader(shardId: string, start: StartingPosition, checkpoint: Checkpoint | undefined): ShardReader;
  /** Calls back when there may be new records, until the returned function is called. */
  onRecords(listener: () => void): () => void;
  /** The event that a function gets. */
  event(records: readonly BatchRecord[], shardId: string, window?: WindowOfEvent): string;
  /** What the object of a batch that is given up says of its source. */
  describe(shardId: string, records: readonly BatchRecord[]): { readonly folder: string; readonly info: object };
  close(): Promise<void>;
}

/** Durable. */
export interface Positions {
  get(shardId: string): Checkpoint | undefined;
  put(shardId: string, checkpoint: Checkpoint): void | Promise<void>;
}
