import type { KinesisStreamRecord } from 'aws-lambda';
import { feeds } from '../../../model/feeds/index.ts';
import { deliveredRecord } from '../../../model/kinesis-event.ts';
import { type Feed, type FeedName, feedNames } from '../../../model/rules/rule.ts';
import { EnvironmentError } from '../../shared/environment.ts';
import type { FeedRecord } from './clean-batch.ts';

export class UnknownStreamError extends Error {
  override readonly name = 'UnknownStreamError';
}

export type FeedByStream = ReadonlyMap<string, FeedName>;

/** @param json `{"<stream name>": "pin" | "geo" | "user"}` */
export function readFeedByStream(json: string): FeedByStream {
  const entries = Object.entries(JSON.parse(json) as Record<string, unknown>);
  return new Map(
    entries.map(([stream, feed]) => {
      const name = feedNames.find((known) => known === feed);
      if (name === undefined) {
        throw new EnvironmentError(
          `FEED_BY_STREAM gives ${stream} the feed ${String(feed)}: use ${feedNames.join(', ')}.`,
        );
      }
      return [stream, name];
    }),
  );
}

/** @throws UnknownStreamError when no feed is named for the stream. */
export function feedOfStream(stream: string, feedByStream: FeedByStream): Feed {
  const feed = feedByStream.get(stream);
  if (feed !== undefined) return feeds[feed];
  const known = [...feedByStream.keys()].join(', ');
  throw new UnknownStreamError(`FEED_BY_STREAM names no feed for the stream ${stream}, only for ${known}: add it.`);
}

/**
 * A record as an event source mapping delivers it.
 * @throws UnknownStreamError when no feed is named for the record's stream.
 */
export function readRecord(delivered: KinesisStreamRecord, feedByStream: FeedByStream): FeedRecord {
  const record = deliveredRecord(delivered);
  return { feed: feedOfStream(record.topic, feedByStream), record };
}
