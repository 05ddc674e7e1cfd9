import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Profile } from './profile.ts';

/** The cheapest deployment on AWS that shows everything. */
export const dev: Profile = {
  name: 'dev',
  streams: { mode: 'provisioned', shards: 1 },
  api: {
    throttle: { requestsPerSecond: 500, burst: 1_000 },
    auth: 'none',
    // $3.50 a day at most.
    usagePlan: { requestsPerSecond: 100, burst: 200, requestsPerDay: 1_000_000 },
    ownsAccountRole: true,
  },
  clean: {
    memoryMiB: 256,
    timeoutSeconds: 30,
    batchSize: 200,
    batchingWindowSeconds: 1,
    retries: 10,
    maxRecordAgeSeconds: 21_600,
    bisectOnError: true,
  },
  logRetention: RetentionDays.TWO_WEEKS,
  data: 'destroy',
  pointInTimeRecovery: true,
  terminationProtection: false,
};
