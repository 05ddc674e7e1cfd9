import { arrivalDate, type RawRecord, rawKey } from '../../../model/raw-line.ts';
import type { FeedName } from '../../../model/rules/rule.ts';
import { GaveUpError, type Patience, withRetries } from '../../shared/retry.ts';
import type { RawObjects } from './raw-objects.ts';

export interface ArchivedRecord {
  readonly feed: FeedName;
  readonly record: RawRecord;
}

/** Of the objects that were created. */
export interface Landed {
  readonly records: number;
  readonly objects: number;
  /** As they are stored. */
  readonly bytes: number;
}

export interface ArchiveOutcome {
  readonly landed: ReadonlyMap<FeedName, Landed>;
  /** Index of the first record that has to come again, and why. */
  readonly failed?: { readonly index: number; readonly cause: GaveUpError };
}

type Indexed = ArchivedRecord & { readonly index: number };

/**
 * Lands the records of a batch, each shard's in its order. An object is named after its first record and created only
 * where there is none; one that is there says where it ends, and the next begins after it. So a batch that comes again
 * lands as the same objects, and one that comes again longer goes on after them.
 * @throws what S3 answers that no retry mends: the whole batch comes again.
 */
export async function archiveBatch(
  records: readonly ArchivedRecord[],
  objects: RawObjects,
  patience: Patience,
): Promise<ArchiveOutcome> {
  const signal = AbortSignal.timeout(Math.max(0, patience.deadline - patience.now()));
  const indexed = records.map((record, index) => ({ ...record, index }));
  const shards = Map.groupBy(indexed, ({ record: { topic, partition } }) => `${topic}/${partition}`);
  const landed = new Map<FeedName, Landed>();
  let failed: ArchiveOutcome['failed'];
  for (const shard of shards.values()) {
    let rest: readonly Indexed[] = shard;
    while (rest.length > 0) {
      const [first] = rest as readonly [Indexed];
      const segment = ofOneDate(rest);
      try {
        const key = rawKey(first.feed, first.record);
        const { last, bytes } = await withRetries(patience, () => objects.land(key, segment, signal));
        if (bytes > 0) landed.set(first.feed, added(landed.get(first.feed), segment.length, bytes));
        rest = rest.filter(({ record }) => isAfter(record.offset, last));
      } catch (error) {
        if (!(error instanceof GaveUpError)) throw error;
        if (failed === undefined || first.index < failed.index) failed = { index: first.index, cause: error };
        break;
      }
    }
  }
  return { landed, ...(failed && { failed }) };
}

const added = (sum: Landed | undefined, records: number, bytes: number): Landed => ({
  records: (sum?.records ?? 0) + records,
  objects: (sum?.objects ?? 0) + 1,
  bytes: (sum?.bytes ?? 0) + bytes,
});

/** The records before the date of arrival changes. */
function ofOneDate(records: readonly Indexed[]): readonly RawRecord[] {
  const date = arrivalDate(records[0]!.record.arrivalMs);
  const other = records.findIndex(({ record }) => arrivalDate(record.arrivalMs) !== date);
  return (other < 0 ? records : records.slice(0, other)).map(({ record }) => record);
}

/** Sequence numbers have more digits than numbers can tell apart. */
const isAfter = (offset: string, last: string): boolean => offset.padStart(56, '0') > last.padStart(56, '0');
