import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { metrics as model } from '../../../model/metrics/index.ts';
import { bucketAddressing, clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { type AggregateStores, aggregateBatch } from './aggregate-batch.ts';
import { countable } from './countable.ts';
import { dynamoCounters } from './counters.ts';
import { publish } from './publish.ts';
import { dynamoProgress, dynamoRegistry, dynamoTouches, s3Unreadable } from './stores.ts';

/**
 * A batch of the change stream. Only a mapping with a tumbling window tells the shard; the last call of a window may
 * have no records: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
 */
export interface ChangeEvent extends DynamoDBStreamEvent {
  readonly shardId?: string;
}

/** The state of the window is of no use here, but without one the call counts as failed. */
export interface WindowResponse {
  readonly state: Readonly<Record<string, never>>;
  readonly batchItemFailures: readonly [];
}

/** The mapping has no tumbling window, so what was counted could not be told by shard. */
class NoShardError extends Error {
  override readonly name = 'NoShardError';
}

/** Kept back from the function's time for the answer and the metrics. */
const reserveMs = 1_000;

const tables = { counters: required('COUNTERS_TABLE'), posts: required('POSTS_TABLE') };
const dynamodb = new DynamoDBClient(clientDefaults);
const s3 = new S3Client({ ...clientDefaults, ...bucketAddressing });
const countables = model.map(countable);
const stores: AggregateStores = {
  counters: dynamoCounters(dynamodb, tables.counters, Date.now),
  registry: dynamoRegistry(dynamodb, tables, countables, Date.now),
  posts: dynamoTouches(dynamodb, tables.posts),
  progress: dynamoProgress(dynamodb, tables.counters, Date.now),
  unreadable: s3Unreadable(s3, required('QUARANTINE_BUCKET'), Date.now),
};
const logger = new Logger();
const metrics = new Metrics();

/** Adds a batch of changes of posts to the counters. What it throws makes the batch come again, whole or in halves. */
export async function handler({ Records, shardId }: ChangeEvent, context: Context): Promise<WindowResponse> {
  if (Records.length > 0) {
    if (shardId === undefined) throw new NoShardError('The event has no shardId: give its mapping a tumbling window.');
    const deadline = Date.now() + context.getRemainingTimeInMillis() - reserveMs;
    const patience = { deadline, now: Date.now, sleep, random: Math.random };
    const outcome = await aggregateBatch(shardId, Records, countables, stores, patience);
    publish(metrics, outcome);
    if (outcome.dropped.length > 0) {
      logger.warn('The registry had metrics that this function does not count; they are not live any more', {
        metrics: outcome.dropped,
      });
    }
    if (outcome.unreadable > 0) {
      logger.warn('Changes could not be read; a rebuild counts their posts again', { count: outcome.unreadable });
    }
  }
  return { state: {}, batchItemFailures: [] };
}
