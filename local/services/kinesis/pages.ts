import { createDecipheriv } from 'node:crypto';
import { createRequire } from 'node:module';
import type { JsonObject } from '../service.ts';
import type { Database, Store, StoredRecord } from './store.ts';

/* Where a reader stands in a shard, and how much one answer of `GetRecords` gives it. */

const database = createRequire(import.meta.url)('kinesalite/db') as Database;

/** What one answer holds at most. */
const PAGE_BYTES = 10 * 1_048_576;
export const PAGE_RECORDS = 10_000;

export interface ShardOrigin {
  readonly stream: string;
  readonly shardId: string;
}

/** The shard that an iterator belongs to; undefined for a string that is no iterator. */
export function originOfIterator(iterator: unknown): ShardOrigin | undefined {
  try {
    const decipher = createDecipheriv('aes-256-cbc', database.ITERATOR_PWD_KEY, database.ITERATOR_PWD_IV);
    const bytes = Buffer.from(String(iterator), 'base64').subarray(8);
    const [, stream, shardId] = Buffer.concat([decipher.update(bytes), decipher.final()])
      .toString()
      .split('/');
    return stream === undefined || shardId === undefined ? undefined : { stream, shardId };
  } catch {
    return undefined;
  }
}

/** An iterator at the first record that arrived at `seconds` or later; undefined when there is none yet. */
export async function iteratorAt(store: Store, origin: ShardOrigin, seconds: number): Promise<string | undefined> {
  for await (const { key, value } of entriesAfter(store, origin)) {
    if (value.ApproximateArrivalTimestamp >= seconds) {
      return database.createShardIterator(origin.stream, origin.shardId, key.split('/')[1]!);
    }
  }
  return undefined;
}

/** The records that arrived last, the newest first. */
export async function newestRecords(store: Store, origin: ShardOrigin, limit: number): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  for await (const { key, value } of entriesAfter(store, origin, { limit, reverse: true })) {
    found.push({ ...value, SequenceNumber: key.split('/')[1]! });
  }
  return found;
}

/** The engine knows no limit of bytes, and says of each page that it is the last. */
export async function cutPage(store: Store, origin: ShardOrigin, limit: number, page: JsonObject): Promise<JsonObject> {
  const records = page['Records'] as StoredRecord[];
  let bytes = 0;
  const kept = records.filter(({ Data }, index) => {
    bytes += Buffer.byteLength(Data, 'base64');
    return bytes <= PAGE_BYTES || index === 0;
  });
  const last = kept.at(-1);
  if (last === undefined) return page;
  const isCut = kept.length < records.length;
  if (!isCut && records.length < limit) return page;
  if (!isCut && !(await hasEntryAfter(store, origin, last.SequenceNumber))) return page;
  const next = database.incrementSequence(database.parseSequence(last.SequenceNumber));
  return {
    ...page,
    Records: kept,
    NextShardIterator: database.createShardIterator(origin.stream, origin.shardId, next),
    MillisBehindLatest: Math.max(1, Math.round(Date.now() - last.ApproximateArrivalTimestamp * 1_000)),
  };
}

async function hasEntryAfter(store: Store, origin: ShardOrigin, sequenceNumber: string): Promise<boolean> {
  for await (const _ of entriesAfter(store, origin, { sequenceNumber, limit: 1 })) return true;
  return false;
}

type Entry = { readonly key: string; readonly value: Omit<StoredRecord, 'SequenceNumber'> };

interface EntryRange {
  /** @default - from the first one on */
  readonly sequenceNumber?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

function entriesAfter(store: Store, { stream, shardId }: ShardOrigin, { sequenceNumber, ...how }: EntryRange = {}) {
  const { shardIx } = database.resolveShardId(shardId);
  const shard = database.shardIxToHex(shardIx);
  const gt = sequenceNumber === undefined ? shard : `${shard}/${sequenceNumber}`;
  const range = { gt, lt: database.shardIxToHex(shardIx + 1), ...how };
  return store.getStreamDb(stream).createReadStream(range) as AsyncIterable<Entry>;
}
