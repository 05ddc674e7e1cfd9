import type { BackfillEvent, BackfilledRows, BackfillResult } from '../../../model/backfill.ts';
import { readRawLine } from '../../../model/read-raw-line.ts';
import { type Patience, withRetries } from '../../shared/retry.ts';
import { type BatchStores, cleanBatch, type FeedOutcome, type FeedRecord } from '../clean/clean-batch.ts';
import { type FeedBySource, feedOfSource } from '../clean/event.ts';

export interface BackfillStores extends BatchStores {
  readonly raw: RawLines;
}

export interface RawLines {
  /** The lines of an object, of which there is at least one. */
  read(key: string): Promise<readonly string[]>;
}

/** What is cleaned at a time: an array of rows in each of so many records still has room. */
const pageLines = 500;
const pageCharacters = 1024 * 1024;

/**
 * Stores the rows of a raw object under their original order keys, as the clean function does with the log's: a part of
 * the same order key gives way only to newer rules. Goes on from the line that is given, for as long as there is time.
 * Doing it twice changes nothing.
 * @throws RawLineError, UnknownSourceError, GaveUpError when nothing could be done, and what a store throws that no retry mends.
 */
export async function backfill(
  { key, from }: BackfillEvent,
  { raw, ...stores }: BackfillStores,
  feedBySource: FeedBySource,
  patience: Patience,
): Promise<BackfillResult> {
  const lines = await withRetries(patience, () => raw.read(key));
  const read = (line: string): FeedRecord => {
    const record = readRawLine(line);
    return { feed: feedOfSource(record.topic, feedBySource), record };
  };
  const feed = read(lines[0]!).feed.name;
  let rows = nothing;
  let done = from;
  while (done < lines.length) {
    const page = pageOf(lines, done).map(read);
    const { feeds, failed } = await cleanBatch(page, stores, patience);
    const outcome = feeds.get(feed)!;
    if (failed !== undefined) {
      if (done === from && outcome.changed === 0) throw failed.cause;
      // The page comes again, and is counted then.
      rows = { ...rows, changed: rows.changed + outcome.changed };
      break;
    }
    rows = added(rows, outcome);
    done += page.length;
  }
  return { feed, done, lines: lines.length, rows };
}

function pageOf(lines: readonly string[], from: number): readonly string[] {
  let characters = 0;
  let end = from;
  while (end < lines.length && end - from < pageLines && (end === from || characters < pageCharacters)) {
    characters += lines[end++]!.length;
  }
  return lines.slice(from, end);
}

const nothing: BackfilledRows = { applied: 0, changed: 0, duplicate: 0, superseded: 0, quarantined: 0 };

const added = (rows: BackfilledRows, outcome: FeedOutcome): BackfilledRows => ({
  applied: rows.applied + outcome.applied,
  changed: rows.changed + outcome.changed,
  duplicate: rows.duplicate + outcome.duplicate,
  superseded: rows.superseded + outcome.superseded,
  quarantined: rows.quarantined + outcome.quarantined,
});
