import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { CounterReader } from '../../../model/compile/contribution.ts';
import { progressPartition, type Registry } from '../../../model/counters/registry.ts';
import { liveCounters } from '../../shared/live-counters.ts';
import { readRegistry } from '../../shared/registry.ts';

/** The counters as they are now. What is read of them is whole only if a later view has the same generations: `isWhole`. */
export interface LiveView {
  /** undefined before the first change was counted. */
  readonly registry: Registry | undefined;
  readonly reader: CounterReader;
  /** Epoch ms at which the latest change was stored that is counted. */
  lastChange(): Promise<number | undefined>;
}

export interface LiveLayer {
  open(): Promise<LiveView>;
}

export const liveLayer = (client: DynamoDBClient, table: string): LiveLayer => ({
  async open() {
    const registry = await readRegistry(client, table);
    return { registry, reader: liveCounters(client, table, registry), lastChange: () => lastChange(client, table) };
  },
});

/** A shard that is read at the moment is among the last ones: names of shards begin with the time at which they were made. */
const lastShards = 100;

async function lastChange(client: DynamoDBClient, TableName: string): Promise<number | undefined> {
  const query = new QueryCommand({
    TableName,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: progressPartition } },
    ProjectionExpression: 'createdAtMs',
    ScanIndexForward: false,
    Limit: lastShards,
  });
  const { Items = [] } = await client.send(query);
  const times = Items.flatMap(({ createdAtMs }) => (createdAtMs?.N === undefined ? [] : [Number(createdAtMs.N)]));
  return times.length === 0 ? undefined : Math.max(...times);
}
