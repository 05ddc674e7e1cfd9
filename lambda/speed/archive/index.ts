import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import { deliveredRecord } from '../../../model/kinesis-event.ts';
import { bucketAddressing, clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { feedOfSource, readFeedBySource } from '../clean/event.ts';
import { type ArchivedRecord, archiveBatch } from './archive-batch.ts';
import { publish } from './publish.ts';
import { s3RawObjects } from './raw-objects.ts';

/** Kept back from the function's time for the answer and the metrics. */
const reserveMs = 1_000;

const feedBySource = readFeedBySource(required('FEED_BY_SOURCE'));
const s3 = new S3Client({ ...clientDefaults, ...bucketAddressing });
const objects = s3RawObjects(s3, required('RAW_BUCKET'));
const logger = new Logger();
const metrics = new Metrics();

/**
 * Lands a batch of Kinesis records in raw as they are, and names the record to start again from if S3 stayed unavailable.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export async function handler(event: KinesisStreamEvent, context: Context): Promise<KinesisStreamBatchResponse> {
  const deadline = Date.now() + context.getRemainingTimeInMillis() - reserveMs;
  const patience = { deadline, now: Date.now, sleep, random: Math.random };
  const outcome = await archiveBatch(event.Records.map(archivedRecord), objects, patience);
  publish(metrics, outcome);
  const { failed } = outcome;
  if (failed === undefined) return { batchItemFailures: [] };
  const itemIdentifier = event.Records[failed.index]!.kinesis.sequenceNumber;
  logger.warn('The batch starts again from a record', { sequenceNumber: itemIdentifier, reason: failed.cause.message });
  return { batchItemFailures: [{ itemIdentifier }] };
}

/** @throws UnknownSourceError */
function archivedRecord(delivered: KinesisStreamRecord): ArchivedRecord {
  const { bytes, ...place } = deliveredRecord(delivered);
  const key = Buffer.from(delivered.kinesis.partitionKey);
  return { feed: feedOfSource(place.topic, feedBySource).name, record: { ...place, key, value: bytes } };
}
