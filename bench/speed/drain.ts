import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Clients } from '../../cli/aws.ts';
import type { Mark } from './streams.ts';

export interface Backlog {
  /** Of each shard, in the order of reading. */
  readonly marks: readonly (readonly Mark[])[];
  readonly records: number;
  readonly posts: number;
  /** Epoch ms at which the reading began. */
  readonly began: number;
}

export interface Drain {
  /** From the first tenth on: the workers run and are warm. */
  readonly perSecond: number;
  /** From the moment the runtime was ready. */
  readonly perSecondWithStart: number;
}

/** The backlog did not end in the table. */
export class DrainError extends Error {
  override readonly name = 'DrainError';
}

const pollMs = 20;
const limitMs = 60_000;
const warmShare = 0.1;

/** Watches the next mark of each shard in the posts table, until all of the backlog is there. @throws DrainError */
export async function drained(clients: Clients, table: string, backlog: Backlog): Promise<Drain> {
  const { marks, records, posts, began } = backlog;
  const shards = marks.map((own) => ({ marks: own, next: 0 }));
  const stored = () => shards.reduce((sum, { marks: own, next }) => sum + (own[next - 1]?.upTo ?? 0), 0);
  let warm: { at: number; stored: number } | undefined;
  while (shards.some(({ marks: own, next }) => next < own.length)) {
    if (Date.now() - began > limitMs) {
      throw new DrainError(`${stored()} of ${records} records are stored after ${limitMs / 1000} s`);
    }
    await look(clients, table, shards);
    if (warm === undefined && stored() >= warmShare * records) warm = { at: Date.now(), stored: stored() };
    await sleep(pollMs);
  }
  const ended = Date.now();
  const whole = await wholePosts(clients, table);
  if (whole !== posts) throw new DrainError(`${whole} of ${posts} posts have all their parts`);
  const rate = (count: number, ms: number) => Math.round((count * 1000) / Math.max(1, ms));
  return {
    perSecond: rate(records - warm!.stored, ended - warm!.at),
    perSecondWithStart: rate(records, ended - began),
  };
}

async function look(
  clients: Clients,
  table: string,
  shards: readonly { readonly marks: readonly Mark[]; next: number }[],
): Promise<void> {
  // The next mark alone would be seen one poll at a time.
  const ahead = 8;
  const inds = new Set(shards.flatMap(({ marks, next }) => marks.slice(next, next + ahead).map(({ ind }) => ind)));
  if (inds.size === 0) return;
  const { Responses } = await clients.dynamodb.send(
    new BatchGetCommand({
      RequestItems: { [table]: { Keys: [...inds].map((ind) => ({ ind })), ConsistentRead: true } },
    }),
  );
  const items = new Map((Responses?.[table] ?? []).map((item) => [item['ind'] as number, item]));
  for (const shard of shards) {
    for (const { ind, feed } of shard.marks.slice(shard.next, shard.next + ahead)) {
      if (items.get(ind)?.[feed] === undefined) break;
      shard.next++;
    }
  }
}

async function wholePosts(clients: Clients, table: string): Promise<number> {
  let count = 0;
  const pages = paginateScan(
    { client: clients.dynamodb },
    {
      TableName: table,
      Select: 'COUNT',
      FilterExpression: 'attribute_exists(pin) AND attribute_exists(geo) AND attribute_exists(#user)',
      ExpressionAttributeNames: { '#user': 'user' },
    },
  );
  for await (const { Count } of pages) count += Count ?? 0;
  return count;
}
