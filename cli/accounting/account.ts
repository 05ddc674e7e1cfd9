import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { accountFor, type FeedAccount, type StoredState } from '../../model/accounting.ts';
import { formatCoordinate, parseCoordinate } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Post } from '../../model/post.ts';
import { type LogRecord, type Row, rowsOf } from '../../model/rows.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';
import type { DeployedNames } from './deployed-names.ts';

export interface Accounted extends FeedAccount {
  /** Records that the stream holds. */
  readonly records: number;
  /** Their shards and sequence numbers (`shardId-000000000000/4961…`), with the arrival in epoch ms. */
  readonly places: ReadonlyMap<string, number>;
}

export type Account = Readonly<Record<FeedName, Accounted>>;

/** What became of every row in the streams, judged by the streams, the posts table and the quarantine alone. */
export async function account(clients: Clients, names: DeployedNames): Promise<Account> {
  const rows: { feed: FeedName; row: Row }[] = [];
  const places = { pin: new Map<string, number>(), geo: new Map<string, number>(), user: new Map<string, number>() };
  // The log first: what is stored later than it was read cannot make one of its rows look lost.
  for (const feed of Object.keys(places) as FeedName[]) {
    for await (const record of recordsOf(clients, names.streams[feed])) {
      places[feed].set(placeOf(record.partition, record.offset), record.arrivalMs);
      for (const row of rowsOf(record, feeds[feed])) rows.push({ feed, row });
    }
  }
  const accounts = accountFor(rows, await storedState(clients, names));
  const accounted = (feed: FeedName): Accounted => ({
    ...accounts[feed],
    records: places[feed].size,
    places: places[feed],
  });
  return { pin: accounted('pin'), geo: accounted('geo'), user: accounted('user') };
}

export const placeOf = (shardId: string, sequenceNumber: string): string => `${shardId}/${sequenceNumber}`;

/** All that a stream still holds, shard by shard from its oldest record. */
async function* recordsOf({ kinesis }: Clients, stream: string): AsyncGenerator<LogRecord> {
  for await (const shardId of shardIds(kinesis, stream)) {
    const start = { StreamName: stream, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' as const };
    let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(start));
    while (ShardIterator) {
      const answer = await kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
      for (const { SequenceNumber, ApproximateArrivalTimestamp, Data } of answer.Records ?? []) {
        yield {
          source: 'kinesis',
          topic: stream,
          partition: shardId,
          offset: SequenceNumber!,
          arrivalMs: ApproximateArrivalTimestamp!.getTime(),
          bytes: Data!,
        };
      }
      ShardIterator = answer.MillisBehindLatest === 0 ? undefined : answer.NextShardIterator;
    }
  }
}

async function* shardIds(kinesis: KinesisClient, stream: string): AsyncGenerator<string> {
  let next: string | undefined;
  do {
    const page = await kinesis.send(new ListShardsCommand(next ? { NextToken: next } : { StreamName: stream }));
    for (const { ShardId } of page.Shards ?? []) yield ShardId!;
    next = page.NextToken;
  } while (next);
}

async function storedState({ dynamodb, s3 }: Clients, names: DeployedNames): Promise<StoredState> {
  const posts = new Map<number, Post>();
  for await (const { Items } of paginateScan(
    { client: dynamodb },
    { TableName: names.postsTable, ConsistentRead: true },
  )) {
    for (const item of (Items ?? []) as Post[]) posts.set(item.ind, item);
  }
  const quarantined = new Set<string>();
  const objects = { Bucket: names.quarantineBucket, Prefix: 'quarantine/speed/' };
  for await (const { Contents } of paginateListObjectsV2({ client: s3 }, objects)) {
    for (const { Key } of Contents ?? []) {
      const written = /([^/]+)\.json$/.exec(Key ?? '')?.[1];
      if (written !== undefined) quarantined.add(formatCoordinate(parseCoordinate(written)));
    }
  }
  return {
    part: (feed, ind) => posts.get(ind)?.[feed],
    isQuarantined: (coordinate) => quarantined.has(coordinate),
  };
}
