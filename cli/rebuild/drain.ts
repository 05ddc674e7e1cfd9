import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { padded } from '../../model/counters/keys.ts';
import { progressPartition } from '../../model/counters/registry.ts';
import type { Clients } from '../aws.ts';

export interface Tables {
  readonly postsTable: string;
  readonly countersTable: string;
}

/** The posts table has no change stream, so nothing is counted. */
export class NoStreamError extends Error {
  override readonly name = 'NoStreamError';
}

/** A page without records is not yet the end of a shard: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html */
const emptyPages = 3;
/** Readers of a shard share a few calls a second, and the function is one of them. */
const pauseMs = 250;
/** A look at what was given up is of a whole bucket. */
const pausesBetweenLooks = 40;
/** By which the clocks of a service may differ, and the second in which it answered. */
const clocksMs = 3_000;

interface DrainOptions {
  readonly stop: AbortSignal;
  /**
   * Epoch ms: changes from before it do not matter. Of a shard that is closed, a counters table that was made after it
   * does not know how far it was counted. @default - all that the stream has
   */
  readonly since?: number;
  /** Shards that are not waited for any more: of what is behind in them, some was given up. @default - none */
  readonly givenUp?: () => Promise<ReadonlySet<string>>;
  readonly onBehind: (shards: number) => void | Promise<void>;
}

/**
 * Waits until every change that there is now is in the counters, and with it what the aggregate function made of it: it
 * touches posts that it finds below the newest generation. @returns false when it was stopped
 */
export async function drained(clients: Clients, tables: Tables, options: DrainOptions): Promise<boolean> {
  return (await caughtUp(clients, tables, options)) && caughtUp(clients, tables, options);
}

/** @returns false when it was stopped */
async function caughtUp(
  clients: Clients,
  tables: Tables,
  { stop, since = 0, givenUp = async () => new Set(), onBehind }: DrainOptions,
): Promise<boolean> {
  const { StreamArn, answeredAt } = await streamOf(clients, tables);
  const until = answeredAt + clocksMs;
  const ends = new Map<string, string>();
  for (const shard of await shardsOf(clients, StreamArn)) {
    const end = await endOf(
      clients,
      { StreamArn, shard, since, until, stop },
      await progressOf(clients, tables, shard),
    );
    if (end !== undefined) ends.set(shard, end);
  }
  for (let pauses = 0; ends.size > 0 && !stop.aborted; pauses++) {
    for (const [shard, end] of ends) {
      if (((await progressOf(clients, tables, shard)) ?? '') >= end) ends.delete(shard);
    }
    if (ends.size > 0 && pauses % pausesBetweenLooks === 0) {
      for (const shard of await givenUp()) ends.delete(shard);
    }
    await onBehind(ends.size);
    if (ends.size > 0) await pause(stop);
  }
  return !stop.aborted;
}

/**
 * The change stream of the posts, and the time, epoch ms, by the clock of its service: that of here may be another, and
 * changes are told with times of that one.
 * @throws NoStreamError
 */
export async function streamOf({ dynamodb }: Clients, { postsTable }: Pick<Tables, 'postsTable'>) {
  const describe = new DescribeTableCommand({ TableName: postsTable });
  let answeredAt = Date.now();
  describe.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { headers = {} } = answer.response as { readonly headers?: Readonly<Record<string, string>> };
      const date = Date.parse(headers['date'] ?? '');
      if (!Number.isNaN(date)) answeredAt = date;
      return answer;
    },
    { step: 'deserialize' },
  );
  const { Table } = await dynamodb.send(describe);
  const StreamArn = Table?.LatestStreamArn;
  if (StreamArn === undefined) throw new NoStreamError(`${postsTable} has no stream: deploy it with one.`);
  return { StreamArn, answeredAt };
}

async function shardsOf({ changes }: Clients, StreamArn: string): Promise<readonly string[]> {
  const shards: string[] = [];
  let last: string | undefined;
  do {
    const page = new DescribeStreamCommand({ StreamArn, ...(last !== undefined && { ExclusiveStartShardId: last }) });
    const { StreamDescription } = await changes.send(page);
    for (const { ShardId } of StreamDescription?.Shards ?? []) if (ShardId !== undefined) shards.push(ShardId);
    last = StreamDescription?.LastEvaluatedShardId;
  } while (last !== undefined);
  return shards;
}

async function progressOf({ dynamodb }: Clients, { countersTable }: Tables, sk: string): Promise<string | undefined> {
  const Key = { pk: progressPartition, sk };
  const { Item } = await dynamodb.send(new GetCommand({ TableName: countersTable, Key, ConsistentRead: true }));
  return Item?.['last'];
}

interface Read {
  readonly StreamArn: string;
  readonly shard: string;
  /** Epoch ms. */
  readonly since: number;
  /** Epoch ms: under traffic a shard has no end, so what is newer is not looked for. */
  readonly until: number;
  readonly stop: AbortSignal;
}

/** The last sequence number of a shard behind the progress, of a change that matters; undefined when there is none. */
async function endOf(
  { changes }: Clients,
  { StreamArn, shard: ShardId, since, until, stop }: Read,
  progress: string | undefined,
): Promise<string | undefined> {
  const shard = { StreamArn, ShardId };
  const fromStart = new GetShardIteratorCommand({ ...shard, ShardIteratorType: 'TRIM_HORIZON' });
  const open = async () => {
    if (progress === undefined) return changes.send(fromStart);
    const SequenceNumber = sequenceNumber(progress);
    try {
      return await changes.send(
        new GetShardIteratorCommand({ ...shard, ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber }),
      );
    } catch (error) {
      // The stream has let go of what was counted.
      if (error instanceof TrimmedDataAccessException) return changes.send(fromStart);
      throw error;
    }
  };
  let { ShardIterator } = await open();
  let end: string | undefined;
  let empty = 0;
  while (ShardIterator !== undefined && empty < emptyPages && !stop.aborted) {
    const page: GetRecordsCommandOutput = await changes.send(new GetRecordsCommand({ ShardIterator }));
    const { SequenceNumber, ApproximateCreationDateTime } = page.Records?.at(-1)?.dynamodb ?? {};
    empty = SequenceNumber === undefined ? empty + 1 : 0;
    const createdAt = ApproximateCreationDateTime?.getTime() ?? 0;
    if (SequenceNumber !== undefined && createdAt >= since) end = padded(SequenceNumber);
    if (createdAt >= until) break;
    ShardIterator = page.NextShardIterator;
    if (ShardIterator !== undefined) await pause(stop);
  }
  return end;
}

/** As the stream writes it: at least 21 digits. */
const sequenceNumber = (folded: string): string => folded.replace(/^0+/, '').padStart(21, '0');

const pause = (signal: AbortSignal): Promise<void> => sleep(pauseMs, undefined, { signal }).catch(() => undefined);
