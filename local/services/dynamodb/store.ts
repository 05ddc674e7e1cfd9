import type { Readable } from 'node:stream';
import type { JsonObject } from '../service.ts';
import type { StreamViewType } from './change-record.ts';
import type { BatchOperation } from './item-commits.ts';
import type { Readings } from './read-at-once.ts';

/* What dynalite keeps, and how it gives access to it. */

export type AttributeValue = JsonObject;
export type Item = Record<string, AttributeValue>;

export interface TableDescription {
  readonly TableName: string;
  TableStatus: string;
  readonly TableArn: string;
  readonly TableId: string;
  readonly KeySchema: readonly { readonly AttributeName: string; readonly KeyType: string }[];
  readonly AttributeDefinitions: readonly JsonObject[];
  /** Zeros for an on-demand table. */
  readonly ProvisionedThroughput: { readonly ReadCapacityUnits: number; readonly WriteCapacityUnits: number };
  readonly GlobalSecondaryIndexes?: readonly TableIndex[];
  readonly LocalSecondaryIndexes?: readonly TableIndex[];
  StreamSpecification?: { readonly StreamEnabled: boolean; readonly StreamViewType?: StreamViewType };
  LatestStreamArn?: string;
  /** The time at which the stream was enabled, as ISO 8601 without a zone. */
  LatestStreamLabel?: string;
}

export interface TableIndex {
  readonly IndexName: string;
  readonly KeySchema: TableDescription['KeySchema'];
  readonly Projection: JsonObject;
  IndexStatus?: string;
}

export type Callback<T = void> = (error?: Error | null, value?: T) => void;

export interface ItemStore {
  /** Calls back with a function that wraps the last callback of the work, and so ends the lock. */
  lock(key: string, callback: (release: (last: Callback) => Callback) => void): void;
  get(key: string, callback: Callback<Item>): void;
  put(key: string, item: Item, callback: Callback): void;
  del(key: string, callback: Callback): void;
}

export interface KeyRange {
  readonly gt: string;
  readonly lt: string;
  readonly limit: number;
}

export interface Store {
  readonly db: Readings & {
    open(): Promise<void>;
    close(): Promise<void>;
    batch(operations: readonly BatchOperation[]): Promise<void>;
    iterator(range: KeyRange): { all(): Promise<[string, unknown][]> };
  };
  readonly tableDb: {
    awsAccountId: string;
    awsRegion: string;
    put(name: string, table: TableDescription, callback: Callback): void;
    get(name: string, callback: Callback<TableDescription>): void;
    lock(name: string, callback: (release: (last: Callback) => Callback) => void): void;
    createValueStream(): Readable;
  };
  getItemDb(table: string): ItemStore;
}
