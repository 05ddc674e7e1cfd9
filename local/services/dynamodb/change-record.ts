import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import type { JsonObject } from '../service.ts';
import type { Item, TableDescription } from './store.ts';

/** What a stream's records show of an item. */
export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

/** One change of an item as it is stored, below its stream, shard and sequence number. */
export interface ChangeRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly keys: Item;
  readonly newImage?: Item;
  readonly oldImage?: Item;
  readonly sizeBytes: number;
  /** Milliseconds. */
  readonly time: number;
  /** Deleted because its time to live was over. */
  readonly expired?: true;
}

/** Where a change belongs. */
export interface ChangePlace {
  readonly streamArn: string;
  /** What the keys of its shard's records begin with in the store. */
  readonly prefix: string;
}

export interface Change {
  readonly keys: Item;
  readonly old: Item | undefined;
  readonly item: Item | undefined;
  readonly expired?: true;
}

/** Fixed, so that a partition key always has the same one; two, so that the order between shards is seen to be none. */
const SHARDS = 2;
/** A key space that no table can reach: dynalite's begin with `item-`, `index-`, `tag-` and `table`. */
export const RECORDS = 'stream~';
/** The greatest sequence number given out. */
export const LAST = 'stream-last';
const DIGITS = 27;
/** Sequence numbers do not begin with a zero, and have one length: in order as text too. */
const BASE = 10n ** BigInt(DIGITS - 1);

export const sequenceNumberOf = (count: bigint): string => String(BASE + count);
export const countOf = (sequenceNumber: string): bigint => BigInt(sequenceNumber) - BASE;
export const isSequenceNumber = (text: unknown): text is string =>
  typeof text === 'string' && text.length === DIGITS && /^[1-9]\d+$/.test(text);

/** The shards of a stream by the label it got when it was enabled. */
export function shardIds(label: string): readonly string[] {
  const time = String(Date.parse(`${label}Z`)).padStart(20, '0');
  return Array.from({ length: SHARDS }, (_, lane) => {
    const digest = createHash('sha256').update(`${label}/${lane}`).digest('hex');
    return `shardId-${time}-${digest.slice(0, 8)}`;
  });
}

export const prefixOf = (table: string, label: string, shardId: string): string =>
  `${RECORDS}${table}~${label}~${shardId}~`;

/** Undefined when the table has no stream. */
export function placeOf({ TableName, KeySchema, ...table }: TableDescription, keys: Item): ChangePlace | undefined {
  const { StreamSpecification, LatestStreamArn, LatestStreamLabel: label } = table;
  if (StreamSpecification?.StreamEnabled !== true || LatestStreamArn === undefined || label === undefined) {
    return undefined;
  }
  const hash = KeySchema.find(({ KeyType }) => KeyType === 'HASH')!.AttributeName;
  const shardId = shardIds(label)[crc32(JSON.stringify(keys[hash])) % SHARDS]!;
  return { streamArn: LatestStreamArn, prefix: prefixOf(TableName, label, shardId) };
}

/**
 * Undefined for a write that changes nothing, which a stream does not show.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
export function changeRecord(
  { keys, old, item, expired }: Change,
  view: StreamViewType,
  sizeOf: (item: Item) => number,
): ChangeRecord | undefined {
  // The engine's items have no prototype; only their content counts.
  if (isDeepStrictEqual(plain(old), plain(item))) return undefined;
  const newImage = view === 'NEW_IMAGE' || view === 'NEW_AND_OLD_IMAGES' ? item : undefined;
  const oldImage = view === 'OLD_IMAGE' || view === 'NEW_AND_OLD_IMAGES' ? old : undefined;
  const shown = [keys, newImage, oldImage].filter((one) => one !== undefined);
  return {
    eventName: old === undefined ? 'INSERT' : item === undefined ? 'REMOVE' : 'MODIFY',
    keys,
    ...(newImage && { newImage }),
    ...(oldImage && { oldImage }),
    sizeBytes: shown.reduce((sum, one) => sum + sizeOf(one), 0),
    time: Date.now(),
    ...(expired && { expired }),
  };
}

/**
 * A record as `GetRecords` gives it.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
 */
export function wireRecord(
  sequenceNumber: string,
  { eventName, keys, newImage, oldImage, sizeBytes, time, expired }: ChangeRecord,
  { view, region }: { readonly view: StreamViewType; readonly region: string },
): JsonObject {
  return {
    eventID: createHash('md5').update(sequenceNumber).digest('hex'),
    eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(time / 1_000),
      Keys: keys,
      ...(newImage && { NewImage: newImage }),
      ...(oldImage && { OldImage: oldImage }),
      SequenceNumber: sequenceNumber,
      SizeBytes: sizeBytes,
      StreamViewType: view,
    },
    ...(expired && { userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' } }),
  };
}

const plain = (item: Item | undefined): unknown => (item === undefined ? undefined : JSON.parse(JSON.stringify(item)));
