import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { s3Quarantine } from '../../shared/quarantine.ts';
import { cleanBatch } from './clean-batch.ts';
import { readFeedByStream, readRecord } from './event.ts';
import { dynamoPosts } from './posts.ts';
import { publish } from './publish.ts';

/** Kept back from the function's time for the answer and the metrics. */
const reserveMs = 1_000;

const feedByStream = readFeedByStream(required('FEED_BY_STREAM'));
// Endpoints other than AWS's know buckets by path only.
const s3 = new S3Client({ ...clientDefaults, forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined });
const stores = {
  posts: dynamoPosts(new DynamoDBClient(clientDefaults), required('POSTS_TABLE')),
  quarantine: s3Quarantine(s3, required('QUARANTINE_BUCKET'), 'speed'),
};
const logger = new Logger();
const metrics = new Metrics();

/**
 * Stores the rows of a batch of Kinesis records, and names the record to start again from if a store stayed unavailable.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export async function handler(event: KinesisStreamEvent, context: Context): Promise<KinesisStreamBatchResponse> {
  const records = event.Records.map((record) => readRecord(record, feedByStream));
  const deadline = Date.now() + context.getRemainingTimeInMillis() - reserveMs;
  const outcome = await cleanBatch(records, stores, { deadline, now: Date.now, sleep, random: Math.random });
  publish(metrics, outcome);
  if (outcome.failed === undefined) return { batchItemFailures: [] };
  const { index, cause } = outcome.failed;
  const itemIdentifier = event.Records[index]!.kinesis.sequenceNumber;
  logger.warn('The batch starts again from a record', { sequenceNumber: itemIdentifier, reason: cause.message });
  return { batchItemFailures: [{ itemIdentifier }] };
}
