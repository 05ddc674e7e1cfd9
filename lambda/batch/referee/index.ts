import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { AthenaClient } from '@aws-sdk/client-athena';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { metrics } from '../../../model/metrics/index.ts';
import { refereeFunctionDimension, refereeMetrics } from '../../../model/monitoring/referee-metrics.ts';
import {
  isSampled,
  lostRows,
  type RefereeEvent,
  type RefereeReport,
  type Sample,
} from '../../../model/referee/report.ts';
import { bucketAddressing, clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { deployedLayers } from './layers.ts';
import { referee } from './referee.ts';

/** Posts whose rows are compared after a run. */
const samplePosts = 20_000;
/** How long differences may last that are only on their way. */
const settleMs = 30_000;
/** Kept back from the function's time for the answer. */
const reserveMs = 20_000;

const clients = { ...clientDefaults, maxAttempts: 5 };
const layers = deployedLayers(
  {
    dynamodb: new DynamoDBClient(clients),
    athena: new AthenaClient(clients),
    s3: new S3Client({ ...clients, ...bucketAddressing }),
  },
  {
    runsTable: required('RUNS_TABLE'),
    postsTable: required('POSTS_TABLE'),
    countersTable: required('COUNTERS_TABLE'),
    workgroup: required('WORKGROUP'),
    database: required('DATABASE'),
  },
);
const topicsFeedSpeed = required('TOPICS_FEED_SPEED') === 'true';
const logger = new Logger();
const emf = new Metrics();

/** Tells how far the layers differ, as an answer, as metrics and as a line of the log. It changes nothing. */
export async function handler(event: RefereeEvent, context: Context): Promise<RefereeReport> {
  const sample = event.sample ?? (await chosenSample());
  const end = Date.now() + context.getRemainingTimeInMillis() - reserveMs;
  const report = await referee(layers, { metrics, sample, topicsFeedSpeed, settleMs, end, now: Date.now, sleep });
  publish(report);
  return report;
}

/** As many parts as keep one within bounds, and another one each run. */
async function chosenSample(): Promise<Sample> {
  const pointer = await layers.pointer();
  const of = pointer === undefined ? 1 : Math.max(1, Math.ceil((await layers.size()) / samplePosts));
  const parts = Array.from({ length: of }, (_, part) => ({ of, part }));
  return parts.find((sample) => isSampled(sample, pointer?.runId ?? '')) ?? { of, part: 0 };
}

function publish(report: RefereeReport): void {
  const { feeds, metrics: byMetric } = report;
  const rowDrift = Object.values(feeds).reduce((sum, { drift }) => sum + drift, 0);
  const compared = Object.values(feeds).reduce((sum, { verdicts, drift }) => sum + verdicts.equal + drift, 0);
  emf.clearDefaultDimensions();
  emf.setDefaultDimensions({ function: refereeFunctionDimension });
  emf.addMetric(refereeMetrics.rowsCompared, MetricUnit.Count, compared);
  emf.addMetric(refereeMetrics.rowDrift, MetricUnit.Count, rowDrift);
  emf.addMetric(refereeMetrics.counterDrift, MetricUnit.Count, report.drift - rowDrift);
  if (report.run !== null) emf.addMetric(refereeMetrics.rowsLost, MetricUnit.Count, lostRows(report));
  emf.publishStoredMetrics();
  const drifting = byMetric.filter(({ drift, state }) => drift > 0 || state !== 'exact');
  const { run, sample, posts, missingOffsets, drift } = report;
  const level = drift > 0 || missingOffsets > 0 ? 'warn' : 'info';
  logger[level]('Compared the layers', { run, sample, posts, missingOffsets, drift, feeds, metrics: drifting });
}
