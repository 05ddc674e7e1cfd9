import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  ScanCommand,
  type ScanCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { marshall } from '@aws-sdk/util-dynamodb';
import { firstGeneration, firstRegistry, progressPartition, registryKey } from '../../../model/counters/registry.ts';
import { unreadableChangesPrefix } from '../../../model/kinesis-event.ts';
import { createRegistry, readRegistry } from '../../shared/registry.ts';
import type { AggregateStores } from './aggregate-batch.ts';
import type { Countable } from './countable.ts';

type Store<K extends keyof AggregateStores> = AggregateStores[K];

/** The registry in the counters table, made by whoever finds none. */
export function dynamoRegistry(
  client: DynamoDBClient,
  tables: { readonly counters: string; readonly posts: string },
  metrics: readonly Countable[],
): Store<'registry'> {
  return {
    async current(signal) {
      const known = await readRegistry(client, tables.counters, signal);
      if (known !== undefined) return known;
      const ids = metrics.map(({ id }) => id);
      const registry = firstRegistry(ids, !(await hasOthers(client, tables.posts, signal)));
      if (await createRegistry(client, tables.counters, registry, signal)) return registry;
      return (await readRegistry(client, tables.counters, signal)) ?? registry;
    },
    async markInexact(upTo, signal) {
      const update = new UpdateItemCommand({
        TableName: tables.counters,
        Key: marshall(registryKey),
        UpdateExpression: 'SET inexactUpTo = :upTo',
        ConditionExpression: 'inexactUpTo < :upTo',
        ExpressionAttributeValues: marshall({ ':upTo': upTo }),
      });
      await unlessRefused(client.send(update, { abortSignal: signal }));
    },
  };
}

/**
 * Whether a post was stored before posts were stamped, or stamped by a registry that is lost: changes of it may have been
 * told that nobody counted.
 */
async function hasOthers(client: DynamoDBClient, TableName: string, abortSignal: AbortSignal): Promise<boolean> {
  let page: ScanCommandOutput | undefined;
  do {
    const scan = new ScanCommand({
      TableName,
      ConsistentRead: true,
      FilterExpression: 'attribute_not_exists(gen) OR gen > :first',
      ExpressionAttributeValues: marshall({ ':first': firstGeneration }),
      ProjectionExpression: 'ind',
      ...(page?.LastEvaluatedKey && { ExclusiveStartKey: page.LastEvaluatedKey }),
    });
    page = await client.send(scan, { abortSignal });
    if ((page.Items ?? []).length > 0) return true;
  } while (page.LastEvaluatedKey !== undefined);
  return false;
}

export function dynamoTouches(client: DynamoDBClient, TableName: string): Store<'posts'> {
  return {
    async touch(ind, generation, signal) {
      const update = new UpdateItemCommand({
        TableName,
        Key: marshall({ ind }),
        UpdateExpression: 'SET gen = :gen',
        ConditionExpression: 'attribute_exists(ind) AND (attribute_not_exists(gen) OR gen < :gen)',
        ExpressionAttributeValues: marshall({ ':gen': generation }),
      });
      await unlessRefused(client.send(update, { abortSignal: signal }));
    },
  };
}

export function dynamoProgress(client: DynamoDBClient, TableName: string): Store<'progress'> {
  return {
    async reached(shard, sequence, createdAtMs, signal) {
      const update = new UpdateItemCommand({
        TableName,
        Key: marshall({ pk: progressPartition, sk: shard }),
        UpdateExpression: 'SET #last = :last, createdAtMs = :at',
        ConditionExpression: 'attribute_not_exists(#last) OR #last < :last',
        ExpressionAttributeNames: { '#last': 'last' },
        ExpressionAttributeValues: marshall({ ':last': sequence, ':at': createdAtMs }),
      });
      await unlessRefused(client.send(update, { abortSignal: signal }));
    },
  };
}

/** A change that cannot be read, as it came: `quarantine/changes/dt={date}/{shard}~{sequence number}.json`. */
export function s3Unreadable(client: S3Client, Bucket: string, now: () => number): Store<'unreadable'> {
  return {
    async keep(shard, record, reason, signal) {
      const { SequenceNumber = record.eventID ?? 'unknown', ApproximateCreationDateTime } = record.dynamodb ?? {};
      const date = new Date((ApproximateCreationDateTime ?? 0) * 1000).toISOString().slice(0, 10);
      const put = new PutObjectCommand({
        Bucket,
        Key: `${unreadableChangesPrefix}dt=${date}/${shard}~${SequenceNumber}.json`,
        ContentType: 'application/json',
        Body: JSON.stringify({ shard, reason, quarantinedAt: new Date(now()).toISOString(), record }),
      });
      await client.send(put, { abortSignal: signal });
    },
  };
}

/** A condition that does not hold says that there is nothing left to do. */
async function unlessRefused(sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
