/** The articles in `docs/runbooks`, one for each alarm: an alarm without one does not compile. */
export const RUNBOOKS = [
  'api-errors',
  'api-latency',
  'stream-throttles',
  'stream-lag',
  'function-errors',
  'function-throttles',
  'function-lag',
  'table-throttles',
  'table-errors',
  'broker-controller',
  'broker-offline-partitions',
  'broker-under-min-isr',
  'broker-under-replicated',
  'broker-disk',
  'broker-cpu',
  'broker-heap',
  'broker-iam-connections',
  'topic-lag',
  'connector-tasks',
  'connector-idle',
  'run-failed',
  'job-failed-tasks',
  'referee-failed',
  'schedule-dropped',
  'dead-letters',
  'quarantine-rate',
  'loss',
  'drift',
  'live-freshness',
  'batch-freshness',
  'canary',
] as const;
export type Runbook = (typeof RUNBOOKS)[number];

export const SEVERITIES = ['critical', 'warning'] as const;
/** `critical`: answers are wrong, late or missing, now. `warning`: they will be, if nobody looks. */
export type Severity = (typeof SEVERITIES)[number];

/** What a profile may set otherwise. */
export interface AlarmSettings {
  /** In the unit of the metric. */
  readonly threshold: number;
  /** Seconds: 10, 30, or a multiple of 60. */
  readonly period: number;
  /** Periods that are looked at, and how many of them have to be bad. */
  readonly of: number;
  readonly bad: number;
}
export const ALARM_SETTINGS = ['threshold', 'period', 'of', 'bad'] as const satisfies readonly (keyof AlarmSettings)[];

export interface AlarmDefinition {
  readonly severity: Severity;
  /** For the person who is woken: one sentence. */
  readonly meaning: string;
  /** When the metric is bad against the threshold. */
  readonly when: 'above' | 'atLeast' | 'below';
  /** What a period without data stands for. */
  readonly missing: 'notBreaching' | 'breaching' | 'ignore' | 'missing';
  readonly settings: AlarmSettings;
}

const settings = (threshold: number, bad: number, of: number, period = 60): AlarmSettings => ({
  threshold,
  period,
  of,
  bad,
});

export type AlarmName = Runbook;

/** Every alarm. What it reads is in `alarm-metrics.ts`. */
export const ALARMS: Readonly<Record<AlarmName, AlarmDefinition>> = {
  'api-errors': {
    severity: 'critical',
    meaning: 'The API answers requests with errors of its own (5xx): senders lose rows unless they try again.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 3, 5),
  },
  'api-latency': {
    severity: 'warning',
    meaning: 'One request in ten takes longer than this many milliseconds.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(2_000, 3, 5),
  },
  'stream-throttles': {
    severity: 'warning',
    meaning: 'Streams refuse records: a shard takes 1 MB or 1,000 records a second.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 3, 5),
  },
  'stream-lag': {
    severity: 'critical',
    meaning: 'A consumer reads records that have waited in their stream for longer than this many milliseconds.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(60_000, 3, 5),
  },
  'function-errors': {
    severity: 'critical',
    meaning: 'A function on the way of the rows fails.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 3, 5),
  },
  'function-throttles': {
    severity: 'warning',
    meaning: 'Lambda refuses to run a function on the way of the rows: there are no environments left.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 3, 5),
  },
  'function-lag': {
    severity: 'critical',
    meaning: 'A function is this many milliseconds behind its stream: live answers are as old.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(60_000, 3, 5),
  },
  'table-throttles': {
    severity: 'warning',
    meaning: 'DynamoDB refuses reads or writes for their number.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 3, 5),
  },
  'table-errors': {
    severity: 'critical',
    meaning: 'DynamoDB itself fails.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 3, 5),
  },
  'broker-controller': {
    severity: 'critical',
    meaning: 'The cluster has no active controller: topics cannot change leaders.',
    when: 'below',
    missing: 'breaching',
    settings: settings(1, 3, 5),
  },
  'broker-offline-partitions': {
    severity: 'critical',
    meaning: 'Partitions have no leader: they can be neither written nor read.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 3, 5),
  },
  'broker-under-min-isr': {
    severity: 'critical',
    meaning: 'Partitions have fewer copies in step than a write waits for: the topics door answers with errors.',
    when: 'atLeast',
    missing: 'notBreaching',
    settings: settings(1, 3, 5),
  },
  'broker-under-replicated': {
    severity: 'warning',
    meaning: 'Partitions have copies that are behind.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 15, 15),
  },
  'broker-disk': {
    severity: 'critical',
    meaning: 'The log volume of a broker is this many percent full.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(85, 3, 5),
  },
  'broker-cpu': {
    severity: 'warning',
    meaning: 'A broker uses this many percent of its processors; above 60 a restart of its neighbour is too much.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(60, 3, 5),
  },
  'broker-heap': {
    severity: 'warning',
    meaning: 'After a garbage collection this many percent of a broker’s heap are still in use.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(60, 3, 5),
  },
  'broker-iam-connections': {
    severity: 'warning',
    meaning: 'Brokers refuse new connections: a t3.small takes 4 a second, others 100.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 3, 5),
  },
  'topic-lag': {
    severity: 'critical',
    meaning: 'A consumer of a topic is this many seconds behind: raw or live answers are as old.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(300, 3, 5),
  },
  'connector-tasks': {
    severity: 'critical',
    meaning: 'A task of the connector has failed, and stays so until it is restarted: topics do not land.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 3, 5),
  },
  'connector-idle': {
    severity: 'critical',
    meaning: 'The connector reads nothing although it is this many seconds behind.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(60, 3, 5),
  },
  'run-failed': {
    severity: 'critical',
    meaning: 'A run of the batch layer failed or took too long: readers still see the one before.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 1, 1),
  },
  'job-failed-tasks': {
    severity: 'warning',
    meaning: 'Tasks of the clean job failed. Spark tries each four times, so the run may have ended well.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 1, 1),
  },
  'referee-failed': {
    severity: 'warning',
    meaning: 'The comparison of the layers after a run failed: loss and drift would not be seen.',
    when: 'above',
    missing: 'ignore',
    settings: settings(0, 1, 1),
  },
  'schedule-dropped': {
    severity: 'critical',
    meaning: 'A schedule gave up: the daily run, the canary or the observer was not started.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 1, 1),
  },
  'dead-letters': {
    severity: 'critical',
    meaning: 'Batches that could not be processed, or starts that were given up, wait for somebody.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(0, 1, 1, 300),
  },
  'quarantine-rate': {
    severity: 'warning',
    meaning: 'Rules refuse this many percent of the rows: a sender has changed, or a rule is wrong.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(5, 3, 5, 300),
  },
  loss: {
    severity: 'critical',
    meaning: 'The last run found rows below its watermark that a door accepted and a layer does not have.',
    when: 'above',
    missing: 'ignore',
    settings: settings(0, 1, 1, 300),
  },
  drift: {
    severity: 'warning',
    meaning: 'The live and the batch layer differ where they should be equal.',
    when: 'above',
    missing: 'ignore',
    settings: settings(0, 1, 1, 300),
  },
  'live-freshness': {
    severity: 'critical',
    meaning: 'The newest change that live answers count is this many seconds old.',
    when: 'above',
    missing: 'breaching',
    settings: settings(1_200, 3, 5, 300),
  },
  'batch-freshness': {
    severity: 'warning',
    meaning: 'The run that readers see is this many seconds old: a daily run is late or missing.',
    when: 'above',
    missing: 'notBreaching',
    settings: settings(30 * 3_600, 3, 5, 300),
  },
  canary: {
    severity: 'critical',
    meaning: 'The post that the deployment sends itself did not arrive everywhere, or no fresh answer came back.',
    when: 'above',
    missing: 'breaching',
    settings: settings(0, 3, 5, 300),
  },
};
