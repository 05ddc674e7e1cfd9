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
  aggregate: { memoryMiB: 256, timeoutSeconds: 60, batchSize: 1_000, batchingWindowSeconds: 2 },
  batchPath: true,
  topicsFeedSpeed: false,
  broker: { instanceType: 'kafka.t3.small', brokers: 2, volumeGiB: 10, monitoring: 'DEFAULT' },
  topics: { partitions: 1, replication: 2, minInSyncReplicas: 1, retentionHours: 72 },
  // The connections of this many environments start within the limit of two t3.small brokers.
  kafkaRest: { memoryMiB: 512, timeoutSeconds: 20, reservedConcurrency: 8 },
  sink: { flush: { records: 50_000, bytes: 16 * 1024 ** 2, seconds: 60 }, tasks: 1, mcu: 1, workers: 1 },
  archive: { memoryMiB: 256, timeoutSeconds: 60, batchSize: 10_000, batchingWindowSeconds: 60 },
  batch: {
    workers: 2,
    workerType: 'G.1X',
    timeoutMinutes: 60,
    graceSeconds: 60,
    firstRunDays: 30,
    maxQuarantinedShare: 0.5,
    scanLimitBytes: 10 * 1024 ** 3,
    daily: { hour: 2, flexibleMinutes: 15 },
  },
  canary: true,
  monitoring: {
    observeMinutes: 5,
    canary: { everyMinutes: 5, storedWithinSeconds: 60 },
    tellsAllClear: true,
    budget: 300,
    // Records wait a minute for others that share their object of raw.
    alarms: { 'function-lag': { threshold: 180_000 }, 'connector-idle': { threshold: 180 } },
  },
  logRetention: RetentionDays.TWO_WEEKS,
  data: 'destroy',
  pointInTimeRecovery: true,
  terminationProtection: false,
};
