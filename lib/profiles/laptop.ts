import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Profile } from './profile.ts';

/** Everything on one machine, from the synthesized templates. */
export const laptop: Profile = {
  name: 'laptop',
  // Two shards, so that order across shards is exercised.
  streams: { mode: 'provisioned', shards: 2 },
  api: {
    throttle: { requestsPerSecond: 5_000, burst: 5_000 },
    auth: 'none',
    usagePlan: { requestsPerSecond: 5_000, burst: 5_000, requestsPerDay: 100_000_000 },
    // The names that the public clients make up.
    clientStreams: { namePrefix: 'streaming-' },
    ownsAccountRole: true,
  },
  clean: {
    memoryMiB: 256,
    timeoutSeconds: 30,
    batchSize: 200,
    batchingWindowSeconds: 0,
    retries: 10,
    maxRecordAgeSeconds: 3_600,
    bisectOnError: true,
  },
  logRetention: RetentionDays.ONE_WEEK,
  data: 'destroy',
  pointInTimeRecovery: true,
  terminationProtection: false,
};
