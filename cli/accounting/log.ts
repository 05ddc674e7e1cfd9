import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  type Shard,
} from '@aws-sdk/client-kinesis';
import { formatRecord } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import { type LogRecord, type Row, rowsOf } from '../../model/rows.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';
import type { DeployedNames } from './deployed-names.ts';

/** What a feed's stream held when it was read, and its topic where that feeds the speed layer. */
export interface FeedLog {
  /** Coordinates of its records (`kinesis/streaming-demo-pin/shardId-000000000000/4961…`), with the arrival in epoch ms. */
  readonly places: ReadonlyMap<string, number>;
  /** In the order of each shard and partition. */
  readonly rows: readonly Row[];
  /** Shard -> the shards that it came from. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
  /** Epoch ms: what arrived before it is no longer in the stream. undefined: the stream is not that old. */
  readonly trimmedBefore: number | undefined;
}

export type Log = Readonly<Record<FeedName, FeedLog>>;

/** All rows that the streams hold, as today's rules judge them. */
export async function readStreams(clients: Clients, names: DeployedNames): Promise<Log> {
  const logs = await Promise.all(
    feedNames.map(async (feed) => [feed, await readStream(clients, names.streams[feed], feed)] as const),
  );
  return Object.fromEntries(logs) as Record<FeedName, FeedLog>;
}

async function readStream(clients: Clients, stream: string, feed: FeedName): Promise<FeedLog> {
  const places = new Map<string, number>();
  const rows: Row[] = [];
  const parents = new Map<string, readonly string[]>();
  const trimmedBefore = await retentionOf(clients, stream);
  for await (const { ShardId, ParentShardId, AdjacentParentShardId } of shardsOf(clients, stream)) {
    parents.set(
      ShardId!,
      [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined),
    );
    for await (const record of recordsOf(clients, stream, ShardId!)) {
      places.set(formatRecord(record), record.arrivalMs);
      rows.push(...rowsOf(record, feeds[feed]));
    }
  }
  return { places, rows, parents, trimmedBefore };
}

async function retentionOf({ kinesis }: Clients, stream: string): Promise<number | undefined> {
  const { StreamDescriptionSummary: summary } = await kinesis.send(
    new DescribeStreamSummaryCommand({ StreamName: stream }),
  );
  const oldest = Date.now() - (summary?.RetentionPeriodHours ?? 24) * 3_600_000;
  return (summary?.StreamCreationTimestamp?.getTime() ?? 0) < oldest ? oldest : undefined;
}

async function* shardsOf({ kinesis }: Clients, stream: string): AsyncGenerator<Shard> {
  let next: string | undefined;
  do {
    const page = await kinesis.send(new ListShardsCommand(next ? { NextToken: next } : { StreamName: stream }));
    yield* page.Shards ?? [];
    next = page.NextToken;
  } while (next);
}

/** All that a shard still holds, from its oldest record. */
async function* recordsOf({ kinesis }: Clients, stream: string, shardId: string): AsyncGenerator<LogRecord> {
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
