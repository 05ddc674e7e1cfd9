import { formatCoordinate } from '../../../model/coordinates.ts';
import { feeds } from '../../../model/feeds/index.ts';
import { ParkedBatchError, parkedPrefix, parkedRecords } from '../../../model/kinesis-event.ts';
import {
  judgedAgain,
  parseQuarantined,
  type QuarantinedRow,
  QuarantineError,
  sameRefusal,
} from '../../../model/quarantine.ts';
import type { RedriveEnd, RedrivenRows, RedriveResult } from '../../../model/redrive.ts';
import { rowsOf } from '../../../model/rows.ts';
import type { FeedName } from '../../../model/rules/rule.ts';
import { forEachConcurrently } from '../../shared/concurrency.ts';
import type { Quarantine } from '../../shared/quarantine.ts';
import { GaveUpError, type Patience, withRetries } from '../../shared/retry.ts';
import { type BatchOutcome, type FeedRows, storeRows } from '../clean/clean-batch.ts';
import { type FeedBySource, feedOfSource, UnknownSourceError } from '../clean/event.ts';
import type { Posts } from '../clean/posts.ts';
import type { Objects } from './objects.ts';

/** Objects read or deleted at the same time. */
const concurrency = 32;

export interface RedriveStores {
  readonly posts: Posts;
  readonly quarantine: Quarantine;
  readonly objects: Objects;
}

interface Taken extends FeedRows {
  readonly key: string;
  /** Of a quarantined row: what it was refused for. */
  readonly kept?: QuarantinedRow;
}

/**
 * Stores the rows of quarantined objects and parked batches under their original coordinates, as the clean function
 * does. An object is deleted once each of its rows is stored or kept under its own key, so whatever fails on the way
 * is redriven another time.
 * @throws what a store throws that no retry mends.
 */
export async function redrive(
  keys: readonly string[],
  stores: RedriveStores,
  feedBySource: FeedBySource,
  patience: Patience,
): Promise<RedriveResult> {
  const ends = new Map<string, { end: RedriveEnd; reason?: string }>();
  const taken = await take(keys, stores.objects, feedBySource, patience, ends);
  const outcome = await storeRows(taken, { ...stores, quarantine: unlessTheSame(stores.quarantine, taken) }, patience);

  // Of those after a failure it is not known what was stored.
  const done = taken.slice(0, outcome.failed?.index ?? taken.length);
  for (const { key } of taken.slice(done.length)) ends.set(key, { end: 'again' });
  await forEachConcurrently(done, concurrency, async (object) => {
    ends.set(object.key, { end: await finish(object, stores.objects, patience) });
  });
  return { objects: keys.map((key) => ({ key, ...(ends.get(key) ?? { end: 'again' }) })), rows: rowCounts(outcome) };
}

/** Reads objects and judges their rows; what cannot be taken has its end. */
async function take(
  keys: readonly string[],
  objects: Objects,
  feedBySource: FeedBySource,
  patience: Patience,
  ends: Map<string, { end: RedriveEnd; reason?: string }>,
): Promise<Taken[]> {
  const taken = new Map<string, Taken>();
  await forEachConcurrently(keys, concurrency, async (key) => {
    try {
      const text = await withRetries(patience, () => objects.read(key));
      if (text === undefined) ends.set(key, { end: 'gone' });
      else taken.set(key, read(key, text, feedBySource));
    } catch (error) {
      if (error instanceof GaveUpError) ends.set(key, { end: 'again' });
      else if (isUnreadable(error)) ends.set(key, { end: 'unreadable', reason: error.message });
      else throw error;
    }
  });
  return keys.flatMap((key) => taken.get(key) ?? []);
}

function read(key: string, text: string, feedBySource: FeedBySource): Taken {
  if (!key.startsWith(parkedPrefix)) {
    const kept = parseQuarantined(text);
    return { key, kept, feed: feeds[kept.feed], rows: judgedAgain(kept) };
  }
  const records = parkedRecords(text);
  // A mapping reads one stream.
  const feed = feedOfSource(records[0]?.topic ?? '', feedBySource);
  return { key, feed, rows: records.flatMap((record) => rowsOf(record, feed)) };
}

const isUnreadable = (error: unknown): error is Error =>
  error instanceof QuarantineError || error instanceof ParkedBatchError || error instanceof UnknownSourceError;

/** A row that is refused again for the same is left as it is. */
function unlessTheSame(quarantine: Quarantine, taken: readonly Taken[]): Quarantine {
  const known = new Map(taken.flatMap(({ kept }) => (kept ? [[formatCoordinate(kept.coordinate), kept]] : [])));
  return {
    async keep(refused, signal) {
      const kept = known.get(formatCoordinate(refused.row.coordinate));
      if (kept === undefined || !sameRefusal(kept, refused.feed, refused.refusal))
        await quarantine.keep(refused, signal);
    },
  };
}

async function finish({ key, kept, rows }: Taken, objects: Objects, patience: Patience): Promise<RedriveEnd> {
  const own = kept && formatCoordinate(kept.coordinate);
  if (rows.some(({ coordinate, result }) => !result.ok && formatCoordinate(coordinate) === own)) return 'stays';
  try {
    await withRetries(patience, () => objects.delete(key));
    return 'left';
  } catch (error) {
    if (error instanceof GaveUpError) return 'again';
    throw error;
  }
}

function rowCounts({ feeds: outcomes }: BatchOutcome): Partial<Record<FeedName, RedrivenRows>> {
  return Object.fromEntries(
    [...outcomes].map(([feed, { applied, duplicate, superseded, quarantined }]) => [
      feed,
      { applied, duplicate, superseded, quarantined },
    ]),
  );
}
