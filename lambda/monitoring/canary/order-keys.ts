import { lastOffsetMetadata, rawKey } from '../../../model/raw-line.ts';
import type { FeedName } from '../../../model/rules/rule.ts';

/** Epoch ms: the first part of an order key. */
export const arrivalOf = (orderKey: string): number => Number(orderKey.slice(0, 13));

/** Whether it is the order key of a record of the shard, or of a later record there. */
export function isAtOrAfter(orderKey: string, shard: string, sequence: string): boolean {
  const [, , , partition, padded = ''] = orderKey.split('#');
  return partition === shard && padded >= sequence.padStart(56, '0');
}

/** The raw objects among which a record's is: a prefix of their keys, and the key that the record's own would have. */
export function rawPlace(orderKey: string, feed: FeedName): { readonly prefix: string; readonly own: string } {
  const [, source = '', topic = '', partition = '', padded = ''] = orderKey.split('#');
  const own = rawKey(feed, {
    source: source === 'kafka' ? 'kafka' : 'kinesis',
    topic,
    partition,
    offset: BigInt(padded).toString(),
    arrivalMs: arrivalOf(orderKey),
    key: null,
    value: null,
  });
  return { prefix: own.slice(0, own.lastIndexOf('+') + 1), own };
}

/** Whether an object that begins at or before a record, by its metadata, ends at or after it. */
export function reaches(metadata: Readonly<Record<string, string>> | undefined, orderKey: string): boolean {
  const last = metadata?.[lastOffsetMetadata];
  return last !== undefined && BigInt(last) >= BigInt(orderKey.split('#')[4] ?? '0');
}
