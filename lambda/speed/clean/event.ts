import type { KinesisStreamEvent, MSKEvent } from 'aws-lambda';
import { feeds } from '../../../model/feeds/index.ts';
import { deliveredKafkaRecord } from '../../../model/kafka-event.ts';
import { deliveredRecord } from '../../../model/kinesis-event.ts';
import { type Feed, type FeedName, feedNames } from '../../../model/rules/rule.ts';
import { EnvironmentError } from '../../shared/environment.ts';
import type { FeedRecord } from './clean-batch.ts';

export class UnknownSourceError extends Error {
  override readonly name = 'UnknownSourceError';
}

/** Stream or topic -> feed. */
export type FeedBySource = ReadonlyMap<string, FeedName>;

/** What the event source mappings of streams and topics invoke the function with. */
export type CleanEvent = KinesisStreamEvent | MSKEvent;

/** @param json `{"<name of a stream or topic>": "pin" | "geo" | "user"}` */
export function readFeedBySource(json: string): FeedBySource {
  const entries = Object.entries(JSON.parse(json) as Record<string, unknown>);
  return new Map(
    entries.map(([source, feed]) => {
      const name = feedNames.find((known) => known === feed);
      if (name === undefined) {
        throw new EnvironmentError(
          `FEED_BY_SOURCE gives ${source} the feed ${String(feed)}: use ${feedNames.join(', ')}.`,
        );
      }
      return [source, name];
    }),
  );
}

/** @throws UnknownSourceError when no feed is named for the stream or topic. */
export function feedOfSource(source: string, feedBySource: FeedBySource): Feed {
  const feed = feedBySource.get(source);
  if (feed !== undefined) return feeds[feed];
  const known = [...feedBySource.keys()].join(', ');
  throw new UnknownSourceError(`FEED_BY_SOURCE names no feed for ${source}, only for ${known}: add it.`);
}

/**
 * The records of an event; those of each shard or partition in its order.
 * @throws UnknownSourceError when no feed is named for the stream or topic of a record.
 */
export function readRecords(event: CleanEvent, feedBySource: FeedBySource): FeedRecord[] {
  const records =
    'Records' in event
      ? event.Records.map(deliveredRecord)
      : Object.values(event.records).flatMap((ofPartition) => ofPartition.map(deliveredKafkaRecord));
  return records.map((record) => ({ feed: feedOfSource(record.topic, feedBySource), record }));
}
