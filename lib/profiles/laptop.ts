import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Profile } from './profile.ts';

const SOON = { of: 2, bad: 2 };

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
  aggregate: { memoryMiB: 256, timeoutSeconds: 30, batchSize: 300, batchingWindowSeconds: 0 },
  batchPath: true,
  topicsFeedSpeed: true,
  broker: { instanceType: 'kafka.t3.small', brokers: 2, volumeGiB: 10, monitoring: 'DEFAULT' },
  // One local broker holds the only copy.
  topics: { partitions: 2, replication: 1, minInSyncReplicas: 1, retentionHours: 24 },
  kafkaRest: { memoryMiB: 256, timeoutSeconds: 20, reservedConcurrency: 8 },
  sink: { flush: { records: 50_000, bytes: 16 * 1024 ** 2, seconds: 2 }, tasks: 1, mcu: 1, workers: 1 },
  archive: { memoryMiB: 256, timeoutSeconds: 60, batchSize: 10_000, batchingWindowSeconds: 2 },
  batch: {
    workers: 2,
    workerType: 'G.1X',
    timeoutMinutes: 60,
    graceSeconds: 1,
    firstRunDays: 30,
    // Whoever tries things out sends bad rows on purpose.
    maxQuarantinedShare: 1,
    scanLimitBytes: 10 * 1024 ** 3,
    daily: { hour: 2, flexibleMinutes: 15 },
  },
  // Its posts would be among those that people count by hand.
  canary: false,
  monitoring: {
    observeMinutes: 1,
    canary: { everyMinutes: 1, storedWithinSeconds: 20 },
    tellsAllClear: false,
    budget: 350,
    // Whoever causes a fault wants to see it within minutes.
    alarms: {
      'api-errors': SOON,
      'api-latency': SOON,
      'stream-throttles': SOON,
      'stream-lag': { ...SOON, threshold: 30_000 },
      'function-errors': SOON,
      'function-throttles': SOON,
      'function-lag': { ...SOON, threshold: 30_000 },
      'table-throttles': SOON,
      'table-errors': SOON,
      'broker-controller': SOON,
      'topic-lag': { ...SOON, threshold: 30 },
      'connector-tasks': SOON,
      'connector-idle': { ...SOON, threshold: 30 },
      'dead-letters': { period: 60 },
      'live-freshness': { ...SOON, period: 60, threshold: 180 },
      canary: { ...SOON, period: 60 },
      'quarantine-rate': { ...SOON, period: 60, threshold: 50 },
      loss: { period: 60 },
      drift: { period: 60 },
      // A laptop sleeps at two in the morning.
      'batch-freshness': { ...SOON, period: 60, threshold: 7 * 86_400 },
    },
  },
  logRetention: RetentionDays.ONE_WEEK,
  data: 'destroy',
  pointInTimeRecovery: true,
  terminationProtection: false,
};
