import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import type { RedriveEvent, RedriveResult } from '../../../model/redrive.ts';
import { clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { s3Quarantine } from '../../shared/quarantine.ts';
import { readFeedBySource } from '../clean/event.ts';
import { newestGeneration } from '../clean/newest-generation.ts';
import { dynamoPosts } from '../clean/posts.ts';
import { s3Objects } from './objects.ts';
import { redrive } from './redrive.ts';

/** Kept back from the function's time to delete what was stored, and for the answer. */
const reserveMs = 2_000;

const feedBySource = readFeedBySource(required('FEED_BY_SOURCE'));
const bucket = required('QUARANTINE_BUCKET');
// Endpoints other than AWS's know buckets by path only.
const s3 = new S3Client({ ...clientDefaults, forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined });
const dynamodb = new DynamoDBClient(clientDefaults);
const stores = {
  posts: dynamoPosts(
    dynamodb,
    required('POSTS_TABLE'),
    newestGeneration(dynamodb, required('COUNTERS_TABLE'), Date.now),
  ),
  quarantine: s3Quarantine(s3, bucket, 'speed'),
  objects: s3Objects(s3, bucket),
};
const logger = new Logger();

/** Takes quarantined rows and parked batches up again, by the rules of today. Doing it twice changes nothing. */
export async function handler({ keys }: RedriveEvent, context: Context): Promise<RedriveResult> {
  const deadline = Date.now() + context.getRemainingTimeInMillis() - reserveMs;
  const result = await redrive(keys, stores, feedBySource, { deadline, now: Date.now, sleep, random: Math.random });
  logger.info('Redrove', { objects: keys.length, rows: result.rows });
  return result;
}
