import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import type { BackfillEvent, BackfillResult } from '../../../model/backfill.ts';
import { required } from '../../shared/environment.ts';
import { cleanStores, feedBySource, s3 } from '../clean/deployed-stores.ts';
import { backfill } from './backfill.ts';
import { s3RawLines } from './raw-lines.ts';

/** Kept back from the function's time for the answer. */
const reserveMs = 2_000;

const stores = {
  ...cleanStores,
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
