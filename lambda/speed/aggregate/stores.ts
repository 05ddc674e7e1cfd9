import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  ScanCommand,
  type ScanCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { marshall } from '@aws-sdk/util-dynamodb';
import {
  completeRegistry,
  emptyRegistry,
  generationAt,
  progressPartition,
  registryKey,
  unregistered,
} from '../../../model/counters/registry.ts';
import { unreadableChangesPrefix } from '../../../model/kinesis-event.ts';
import { feedNames } from '../../../model/rules/rule.ts';
import { createRegistry, markInexact, readRegistry } from '../../shared/registry.ts';
import type { AggregateStores } from './aggregate-batch.ts';
import type { Countable } from './countable.ts';

type Store<K extends keyof AggregateStores> = AggregateStores[K];

/** The registry in the counters table, made by whoever finds none. */
export function dynamoRegistry(
  client: DynamoDBClient,
  tables: { readonly counters: string; readonly posts: string },
  metrics: readonly Countable[],
  now: () => number,
): Store<'registry'> {
  return {
    async current(signal) {
      const known = await readRegistry(client, tables.counters, signal);
      if (known !== undefined) return known;
      const generation = generationAt(now());
      const registry = (await hasCounted(client, tables.posts, now(), signal))
        ? emptyRegistry(generation)
        : completeRegistry(
            metrics.map(({ id }) => id),
            generation,
          );
      if (await createRegistry(client, tables.counters, registry, signal)) return registry;
      return (await readRegistry(client, tables.counters, signal)) ?? registry;
    },
    markInexact: (upTo, signal) => markInexact(client, tables.counters, upTo, signal),
    async drop(metricIds, signal) {
      const update = new UpdateItemCommand({
        TableName: tables.counters,
        Key: marshall(registryKey),
        // The revision, so that a rebuild that is about to call one of them complete looks again.
        UpdateExpression: `REMOVE ${metricIds.map((_, at) => `#metrics.#m${at}`).join(', ')} ADD revision :one`,
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: {
          '#metrics': 'metrics',
          ...Object.fromEntries(metricIds.map((id, at) => [`#m${at}`, id])),
        },
        ExpressionAttributeValues: marshall({ ':one': 1 }),
      });
      await unlessRefused(client.send(update, { abortSignal: signal }));
    },
  };
}

/** A stream keeps its records for 24 hours. The rest is for those that are being read. */
const toldAgainMs = 20 * 3_600_000;
/** Of 1 MB each. Who has stored more than that before anything was counted gets a history by a rebuild. */
const mostPages = 100;

/**
 * Whether there may be posts of which no change is still to come, because a table of counters that is lost has counted
 * them; also where there are too many to look at within a batch's time. A post that was counted is stamped by the
 * registry of that time; one that was not has a change in the stream, if it was stored in the last hours.
 */
async function hasCounted(
  client: DynamoDBClient,
  TableName: string,
  now: number,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const recent = feedNames.map((feed) => `#${feed}.k >= :since`).join(' OR ');
  let page: ScanCommandOutput | undefined;
  for (let pages = 0; pages < mostPages; pages++) {
    const scan = new ScanCommand({
      TableName,
      ConsistentRead: true,
      FilterExpression: `attribute_not_exists(gen) OR gen > :unregistered OR NOT (${recent})`,
      ExpressionAttributeNames: Object.fromEntries(feedNames.map((feed) => [`#${feed}`, feed])),
      // Order keys begin with the millisecond of arrival, in thirteen digits.
      ExpressionAttributeValues: marshall({ ':unregistered': unregistered, ':since': String(now - toldAgainMs) }),
      ProjectionExpression: 'ind',
      ...(page?.LastEvaluatedKey && { ExclusiveStartKey: page.LastEvaluatedKey }),
    });
    page = await client.send(scan, { abortSignal });
    if ((page.Items ?? []).length > 0) return true;
    if (page.LastEvaluatedKey === undefined) return false;
  }
  return true;
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

/** Long after the stream has let go of a shard, so that the latest change stays known where nothing is sent for a while. */
const progressKeptSeconds = 30 * 86_400;

export function dynamoProgress(client: DynamoDBClient, TableName: string, now: () => number): Store<'progress'> {
  return {
    async reached(shard, sequence, createdAtMs, signal) {
      const update = new UpdateItemCommand({
        TableName,
        Key: marshall({ pk: progressPartition, sk: shard }),
        UpdateExpression: `SET #last = :last, #ttl = :ttl${createdAtMs === undefined ? '' : ', createdAtMs = :at'}`,
        ConditionExpression: 'attribute_not_exists(#last) OR #last < :last',
        ExpressionAttributeNames: { '#last': 'last', '#ttl': 'ttl' },
        ExpressionAttributeValues: marshall(
          { ':last': sequence, ':ttl': Math.floor(now() / 1000) + progressKeptSeconds, ':at': createdAtMs },
          { removeUndefinedValues: true },
        ),
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
