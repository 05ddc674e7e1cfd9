import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import type { BackfillEvent, BackfillResult } from '../../../model/backfill.ts';
import { clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { s3Quarantine } from '../../shared/quarantine.ts';
import { readFeedBySource } from '../clean/event.ts';
import { newestGeneration } from '../clean/newest-generation.ts';
import { dynamoPosts } from '../clean/posts.ts';
import { backfill } from './backfill.ts';
import { s3RawLines } from './raw-lines.ts';

/** Kept back from the function's time for the answer. */
const reserveMs = 2_000;

const feedBySource = readFeedBySource(required('FEED_BY_SOURCE'));
// Endpoints other than AWS's know buckets by path only.
const s3 = new S3Client({ ...clientDefaults, forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined });
const dynamodb = new DynamoDBClient(clientDefaults);
const stores = {
  posts: dynamoPosts(
    dynamodb,
    required('POSTS_TABLE'),
    newestGeneration(dynamodb, required('COUNTERS_TABLE'), Date.now),
  ),
  quarantine: s3Quarantine(s3, required('QUARANTINE_BUCKET'), 'speed'),
  raw: s3RawLines(s3, required('RAW_BUCKET')),
};
const logger = new Logger();

/** Stores the rows of an object of raw once more, by the rules of today. Doing it twice changes nothing. */
export async function handler(event: BackfillEvent, context: Context): Promise<BackfillResult> {
  const deadline = Date.now() + context.getRemainingTimeInMillis() - reserveMs;
  const result = await backfill(event, stores, feedBySource, { deadline, now: Date.now, sleep, random: Math.random });
  logger.info('Backfilled', { key: event.key, from: event.from, ...result });
  return result;
}
