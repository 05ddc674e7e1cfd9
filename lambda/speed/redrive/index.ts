import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import type { RedriveEvent, RedriveResult } from '../../../model/redrive.ts';
import { required } from '../../shared/environment.ts';
import { cleanStores, feedBySource, s3 } from '../clean/deployed-stores.ts';
import { s3Objects } from './objects.ts';
import { redrive } from './redrive.ts';

/** Kept back from the function's time to delete what was stored, and for the answer. */
const reserveMs = 2_000;

const bucket = required('QUARANTINE_BUCKET');
const stores = {
  ...cleanStores,
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
