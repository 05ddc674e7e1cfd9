import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { feedNames } from '../../model/rules/rule.ts';
import type { Profile } from '../profiles/index.ts';
import type { AlarmName } from './alarm-settings.ts';
import { awsMetric } from './aws-metrics.ts';
import { canaryOf } from './canary-function.ts';
import { MskClusterMetrics, MskConnectMetrics } from './msk-metrics.ts';
import { feedMetric, ownMetric } from './own-metrics.ts';
import { combined, greatest, type Sources, sum } from './sources.ts';

type MetricOf = (sources: Sources, period: number) => IMetric | undefined;

/** What each alarm reads; undefined where the deployment has nothing of the kind. */
export const ALARM_METRICS: Readonly<Record<AlarmName, MetricOf>> = {
  'api-errors': (sources, period) => sources.api('5XXError', { statistic: 'Sum', period }),
  'api-latency': (sources, period) => sources.api('Latency', { statistic: 'p90', period }),
  'stream-throttles': (sources, period) =>
    sum(
      'Refused records',
      (['WriteProvisionedThroughputExceeded', 'PutRecords.FailedRecords'] as const).flatMap((name) =>
        sources.eachFeed((feed) => sources.stream(name, feed, { statistic: 'Sum', period })),
      ),
      period,
    ),
  'stream-lag': (sources, period) =>
    greatest(
      'Age of records',
      sources.eachFeed((feed) =>
        sources.stream('GetRecords.IteratorAgeMilliseconds', feed, { statistic: 'Maximum', period }),
      ),
      period,
    ),
  'function-errors': (sources, period) => functions(sources, 'Errors', period),
  'function-throttles': (sources, period) => functions(sources, 'Throttles', period),
  'function-lag': (sources, period) =>
    greatest(
      'Age of records',
      sources.streamReaders.map((name) => sources.function('IteratorAge', name, { statistic: 'Maximum', period })),
      period,
    ),
  'table-throttles': (sources, period) =>
    sum(
      'Refused reads and writes',
      tablesOf(sources).flatMap((table) =>
        (['ReadThrottleEvents', 'WriteThrottleEvents'] as const).map((name) =>
          sources.table(name, table, { statistic: 'Sum', period }),
        ),
      ),
      period,
    ),
  'table-errors': (sources, period) =>
    sum(
      'Errors of DynamoDB',
      [
        sources.operation('SystemErrors', 'posts', 'UpdateItem', { statistic: 'Sum', period }),
        sources.operation('SystemErrors', 'counters', 'UpdateItem', { statistic: 'Sum', period }),
        sources.operation('SystemErrors', 'counters', 'Query', { statistic: 'Sum', period }),
      ],
      period,
    ),
  'broker-controller': (sources, period) =>
    cluster(sources)?.cluster('ActiveControllerCount', { statistic: 'Maximum', period }),
  'broker-offline-partitions': (sources, period) =>
    cluster(sources)?.cluster('OfflinePartitionsCount', { statistic: 'Maximum', period }),
  'broker-under-min-isr': (sources, period) => cluster(sources)?.worstBroker('UnderMinIsrPartitionCount', period),
  'broker-under-replicated': (sources, period) => cluster(sources)?.worstBroker('UnderReplicatedPartitions', period),
  'broker-disk': (sources, period) => cluster(sources)?.worstBroker('KafkaDataLogsDiskUsed', period),
  'broker-cpu': (sources, period) => cluster(sources)?.worstCpu(period),
  'broker-heap': (sources, period) => cluster(sources)?.worstBroker('HeapMemoryAfterGC', period),
  // Brokers publish it from the next level of monitoring on.
  'broker-iam-connections': (sources, period) =>
    sources.profile.broker.monitoring === 'DEFAULT'
      ? undefined
      : cluster(sources)?.worstBroker('IAMTooManyConnections', period),
  'topic-lag': (sources, period) => {
    const lags = topicLags(sources, period);
    return lags && greatest('Seconds behind', lags, period);
  },
  'connector-tasks': (sources, period) =>
    connector(sources)?.metric('ErroredTaskCount', { statistic: 'Maximum', period }),
  'connector-idle': (sources, period) => {
    const reading = connector(sources);
    const lags = connectorLags(sources, period);
    if (reading === undefined || lags === undefined) return undefined;
    const rate = reading.metric('SinkRecordReadRate', { statistic: 'Maximum', period });
    // While the connector is down it publishes no rate.
    return combined(
      'Seconds behind while nothing is read',
      [rate, ...lags],
      ([read, ...behind]) => `IF(FILL(${read}, 0) > 0, 0, MAX([${behind.join(', ')}]))`,
      period,
    );
  },
  'run-failed': (sources, period) =>
    batchPath(sources, () =>
      sum(
        'Failed runs',
        (['ExecutionsFailed', 'ExecutionsTimedOut'] as const).map((name) =>
          awsMetric('AWS/States', name, { StateMachineArn: sources.machineArn }, { statistic: 'Sum', period }),
        ),
        period,
      ),
    ),
  'job-failed-tasks': (sources, period) =>
    batchPath(sources, () =>
      awsMetric(
        'Glue',
        'glue.driver.aggregate.numFailedTasks',
        { JobName: sources.names.cleanJob, JobRunId: 'ALL', Type: 'count' },
        { statistic: 'Sum', period },
      ),
    ),
  // It runs once a day, and the run ends well without it.
  'referee-failed': (sources, period) =>
    batchPath(sources, () => sources.function('Errors', sources.names.refereeFunction, { statistic: 'Sum', period })),
  'schedule-dropped': ({ names, profile }, period) => {
    const { monitoring, batch } = names.scheduleGroups;
    const groups = hasDailyRun(profile) ? [monitoring, batch] : [monitoring];
    const dropped = groups.map((ScheduleGroup) =>
      awsMetric('AWS/Scheduler', 'InvocationDroppedCount', { ScheduleGroup }, { statistic: 'Sum', period }),
    );
    return sum('Starts that were given up', dropped, period);
  },
  'dead-letters': (sources, period) => {
    const parked = ownMetric('observe', 'ParkedBatches', { statistic: 'Maximum', period });
    if (!hasDailyRun(sources.profile)) return parked;
    const queue = awsMetric(
      'AWS/SQS',
      'ApproximateNumberOfMessagesVisible',
      { QueueName: sources.names.scheduleDeadLetters },
      { statistic: 'Maximum', period },
    );
    return sum('Dead letters', [parked, queue], period);
  },
  'quarantine-rate': (_, period) => quarantineRate(period),
  loss: (sources, period) =>
    batchPath(sources, () => ownMetric('referee', 'RowsLost', { statistic: 'Maximum', period })),
  drift: (sources, period) =>
    batchPath(sources, () =>
      sum(
        'Drift',
        (['RowDrift', 'CounterDrift'] as const).map((name) =>
          ownMetric('referee', name, { statistic: 'Maximum', period }),
        ),
        period,
      ),
    ),
  // Without a canary nothing may come for hours.
  'live-freshness': (sources, period) =>
    canaryOf(sources.profile) && ownMetric('observe', 'LiveFreshness', { statistic: 'Minimum', period }),
  'batch-freshness': (sources, period) =>
    batchPath(sources, () => ownMetric('observe', 'BatchFreshness', { statistic: 'Minimum', period })),
  canary: (sources, period) =>
    canaryOf(sources.profile) && ownMetric('canary', 'CanaryChecksFailed', { statistic: 'Maximum', period }),
};

/** Percent of the rows that the clean function read. */
export function quarantineRate(period: number): IMetric {
  const of = (name: 'RowsQuarantined' | 'RowsIn') =>
    feedNames.map((feed) => feedMetric('clean', name, feed, { statistic: 'Sum', period }));
  return combined(
    'Quarantined, %',
    [...of('RowsQuarantined'), ...of('RowsIn')],
    (ids) => `100 * SUM([${ids.slice(0, 3).join(', ')}]) / SUM([${ids.slice(3).join(', ')}])`,
    period,
  );
}

export const cluster = ({ names, profile }: Sources): MskClusterMetrics | undefined =>
  profile.batchPath ? new MskClusterMetrics(names.cluster, profile.broker.brokers) : undefined;

export const connector = ({ names, profile }: Sources): MskConnectMetrics | undefined =>
  profile.batchPath ? new MskConnectMetrics(names.connector) : undefined;

/** Of the connector, and of the clean function where topics feed it, by topic. */
export function topicLags(sources: Sources, period: number): readonly IMetric[] | undefined {
  const { names, profile } = sources;
  const landing = connectorLags(sources, period);
  const msk = cluster(sources);
  if (landing === undefined || msk === undefined || !profile.topicsFeedSpeed) return landing;
  const clean = sources.eachFeed((feed) =>
    lag(msk, names.cleanGroups[feed], names.topics[feed], `clean ${feed}`, period),
  );
  return [...landing, ...clean];
}

function connectorLags(sources: Sources, period: number): readonly IMetric[] | undefined {
  const msk = cluster(sources);
  const group = connector(sources)?.group;
  if (msk === undefined || group === undefined) return undefined;
  return sources.eachFeed((feed) => lag(msk, group, sources.names.topics[feed], `connector ${feed}`, period));
}

const lag = (msk: MskClusterMetrics, group: string, topic: string, label: string, period: number): IMetric =>
  msk.lag(group, topic, { statistic: 'Maximum', period, label });

const functions = (sources: Sources, name: 'Errors' | 'Throttles', period: number): IMetric =>
  sum(
    name,
    sources.functions.map((functionName) => sources.function(name, functionName, { statistic: 'Sum', period })),
    period,
  );

const tablesOf = ({ profile }: Sources) =>
  profile.batchPath ? (['posts', 'counters', 'runs'] as const) : (['posts', 'counters'] as const);

const hasDailyRun = ({ batchPath: has, batch }: Profile): boolean => has && batch.daily !== undefined;

const batchPath = ({ profile }: Sources, make: () => IMetric): IMetric | undefined =>
  profile.batchPath ? make() : undefined;
