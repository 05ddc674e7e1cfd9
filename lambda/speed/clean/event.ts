import type { KinesisStreamRecord } from 'aws-lambda';
import { feeds } from '../../../model/feeds/index.ts';
import { type FeedName, feedNames } from '../../../model/rules/rule.ts';
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

/**
 * A record as an event source mapping delivers it.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 * @throws UnknownStreamError when no feed is named for the record's stream.
 */
export function readRecord(
  { eventID, eventSourceARN, kinesis }: KinesisStreamRecord,
  feedByStream: FeedByStream,
): FeedRecord {
  const stream = eventSourceARN.split(':stream/')[1]?.split('/')[0] ?? eventSourceARN;
  const feed = feedByStream.get(stream);
  if (feed === undefined) {
    const known = [...feedByStream.keys()].join(', ');
    throw new UnknownStreamError(`FEED_BY_STREAM names no feed for the stream ${stream}, only for ${known}: add it.`);
  }
  return {
    feed: feeds[feed],
    record: {
      source: 'kinesis',
      topic: stream,
      partition: eventID.split(':')[0] ?? '',
      offset: kinesis.sequenceNumber,
      arrivalMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
      bytes: Buffer.from(kinesis.data, 'base64'),
    },
  };
}
