import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import {
  type AggregateOutcome,
  type AggregateStores,
  aggregateBatch,
} from '../../lambda/speed/aggregate/aggregate-batch.ts';
import type { Countable } from '../../lambda/speed/aggregate/countable.ts';
import { dynamoCounters } from '../../lambda/speed/aggregate/counters.ts';
import { dynamoProgress, dynamoRegistry } from '../../lambda/speed/aggregate/stores.ts';
import { completeRegistry, unregistered } from '../../model/counters/registry.ts';

const nothing = async () => {};
const none = { posts: { touch: nothing }, unreadable: { keep: nothing } };

/** They answer at once. */
export function idleStores(of: readonly Countable[]): AggregateStores {
  const registry = completeRegistry(
    of.map(({ id }) => id),
    unregistered,
  );
  return {
    ...none,
    counters: { add: async () => undefined },
    registry: { current: async () => registry, markInexact: nothing, drop: nothing },
    progress: { reached: nothing },
  };
}

/** The tables of the function. */
export const tableStores = (client: DynamoDBClient, counters: string, of: readonly Countable[]): AggregateStores => ({
  ...none,
  counters: dynamoCounters(client, counters, Date.now),
  registry: dynamoRegistry(client, { counters, posts: 'posts' }, of, Date.now),
  progress: dynamoProgress(client, counters, Date.now),
});

/** A batch of one shard. */
export const count = (
  records: readonly DynamoDBRecord[],
  of: readonly Countable[],
  stores: AggregateStores,
): Promise<AggregateOutcome> =>
  aggregateBatch('shard', records, of, stores, {
    deadline: Date.now() + 300_000,
    now: Date.now,
    sleep: async () => {},
    random: Math.random,
  });
