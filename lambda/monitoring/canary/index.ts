import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { canaryFunctionDimension, canaryMetrics } from '../../../model/monitoring/canary-metrics.ts';
import { required } from '../../shared/environment.ts';
import { apiFetch } from './api-fetch.ts';
import { type CanaryReport, canary } from './canary.ts';
import { deployedWorld } from './deployed-world.ts';

const world = deployedWorld(apiFetch(apiUrl(), process.env['API_AUTH'] === 'iam'));
const settings = {
  periodMs: Number(required('PERIOD_SECONDS')) * 1_000,
  storedWithinMs: Number(required('STORED_WITHIN_SECONDS')) * 1_000,
  landedWithinMs: Number(required('LANDED_WITHIN_SECONDS')) * 1_000,
};
const clock = { now: Date.now, sleep: (ms: number) => sleep(ms) };
const logger = new Logger();
const emf = new Metrics();
let silverSeen: string | undefined;

/** Sends a post of the deployment's own and tells whether it arrives everywhere. */
export async function handler(): Promise<CanaryReport> {
  const report = await canary(world, settings, clock, silverSeen);
  silverSeen = report.silverOf ?? silverSeen;
  const failed = Object.keys(report.failed).length;
  emf.clearDefaultDimensions();
  emf.setDefaultDimensions({ function: canaryFunctionDimension });
  emf.addMetric(canaryMetrics.checksFailed, MetricUnit.Count, failed);
  if (report.postedToStoredMs !== undefined) {
    emf.addMetric(canaryMetrics.postedToStored, MetricUnit.Milliseconds, report.postedToStoredMs);
  }
  emf.publishStoredMetrics();
  if (failed > 0) logger.error('The canary did not arrive everywhere', { ...report });
  return report;
}

/** Where the API's own host cannot be resolved, another one is told. */
function apiUrl(): string {
  const url = required('API_URL');
  const elsewhere = process.env['AWS_ENDPOINT_URL_EXECUTE_API'];
  return elsewhere === undefined ? url : new URL(new URL(url).pathname, elsewhere).href;
}
