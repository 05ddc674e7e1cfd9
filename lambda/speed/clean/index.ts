import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Context, KinesisStreamBatchResponse } from 'aws-lambda';
import { cleanBatch } from './clean-batch.ts';
import { cleanStores, feedBySource } from './deployed-stores.ts';
import { type CleanEvent, readRecords } from './event.ts';
import { publish } from './publish.ts';

/** Kept back from the function's time for the answer and the metrics. */
const reserveMs = 1_000;

const logger = new Logger();
const metrics = new Metrics();

/**
 * Stores the rows of a batch of records. If a store stayed unavailable, a batch of a stream starts again from the record
 * that is named: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 * That of a topic comes again as a whole; without pollers of its own, a mapping of a topic takes no answer about records:
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 * @throws GaveUpError for a batch of a topic.
 */
export async function handler(event: CleanEvent, context: Context): Promise<KinesisStreamBatchResponse> {
  const records = readRecords(event, feedBySource);
  const deadline = Date.now() + context.getRemainingTimeInMillis() - reserveMs;
  const outcome = await cleanBatch(records, cleanStores, { deadline, now: Date.now, sleep, random: Math.random });
  publish(metrics, outcome);
  if (outcome.failed === undefined) return { batchItemFailures: [] };
  const { index, cause } = outcome.failed;
  if (!('Records' in event)) throw cause;
  const itemIdentifier = event.Records[index]!.kinesis.sequenceNumber;
  logger.warn('The batch starts again from a record', { sequenceNumber: itemIdentifier, reason: cause.message });
  return { batchItemFailures: [{ itemIdentifier }] };
}
