import { AlarmStatusWidget, type IAlarm, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { feedNames } from '../../model/rules/rule.ts';
import { cluster, connector, topicLags } from './alarm-metrics.ts';
import { awsMetric } from './aws-metrics.ts';
import { canaryOf } from './canary-function.ts';
import { feedMetric, ownMetric } from './own-metrics.ts';
import { GRID, graph, heading, numbers } from './rows.ts';
import { combined, type Sources, sum } from './sources.ts';

const MINUTE = 60;
type Row = readonly IWidget[];

/** One row a capability, in the order in which data flows, below what is wrong now and what became of the rows. */
export function healthWidgets(sources: Sources, alarms: readonly IAlarm[]): readonly Row[] {
  return [
    [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: GRID, height: 6 })],
    ...rowsRow(),
    ...ingest(sources),
    ...sink(sources),
    ...speed(sources),
    ...batch(sources),
    ...serving(sources),
    ...monitoring(sources),
  ];
}

const counted = (name: 'RecordsIn' | 'RowsApplied' | 'RowsQuarantined' | 'RowsDuplicate' | 'RowsSuperseded') =>
  sum(
    name,
    feedNames.map((feed) => feedMetric('clean', name, feed, { statistic: 'Sum' })),
  );

/** Of the streams. Rates of work, in which a retry counts again: `npm run account` counts rows exactly. */
function rowsRow(): Row[] {
  const accepted = feedNames.map((feed) => feedMetric('clean', 'RowsIn', feed, { statistic: 'Sum' }));
  const fates = (['RowsApplied', 'RowsDuplicate', 'RowsSuperseded', 'RowsQuarantined'] as const).map(counted);
  return [
    [
      heading(
        'Rows of the streams',
        'Read, stored, duplicate, superseded, refused. What is none of these is in flight. Rates only: `npm run account` counts.',
      ),
    ],
    [
      graph('Read', accepted, { width: 8, unit: 'rows', stacked: true }),
      graph('What became of them', fates, { width: 8, unit: 'rows' }),
      graph(
        'From arrival to the posts table',
        feedNames.flatMap((feed) =>
          (['p50', 'p99'] as const).map((statistic) =>
            feedMetric('clean', 'ArrivalToStored', feed, { statistic, label: `${feed} ${statistic}` }),
          ),
        ),
        { width: 8, unit: 'ms' },
      ),
    ],
  ];
}

function ingest(sources: Sources): Row[] {
  return [
    [heading('Ingest', 'The doors: requests, errors, time; records into the streams.')],
    [
      graph(
        'Requests and errors',
        (['Count', '4XXError', '5XXError'] as const).map((name) => sources.api(name, { statistic: 'Sum' })),
        { width: 6, unit: 'requests' },
      ),
      graph(
        'Latency',
        (['p50', 'p90', 'p99'] as const).map((statistic) => sources.api('Latency', { statistic, label: statistic })),
        { width: 6, unit: 'ms' },
      ),
      graph(
        'Records accepted',
        sources.eachFeed((feed) => sources.stream('IncomingRecords', feed, { statistic: 'Sum' })),
        {
          width: 6,
          unit: 'records',
          stacked: true,
        },
      ),
      graph(
        'Refused by streams',
        sources.eachFeed((feed) => sources.stream('WriteProvisionedThroughputExceeded', feed, { statistic: 'Sum' })),
        { width: 6, unit: 'records' },
      ),
    ],
  ];
}

function sink(sources: Sources): Row[] {
  const msk = cluster(sources);
  const connect = connector(sources);
  if (msk === undefined || connect === undefined) return [];
  const { topics } = sources.names;
  const landed = feedNames.map((feed) => feedMetric('archive', 'RecordsLanded', feed, { statistic: 'Sum' }));
  return [
    [heading('Sink', 'Topics and streams to raw: how much comes, how far behind the readers are, whether tasks run.')],
    [
      graph(
        'Into the topics',
        feedNames.map((feed) => msk.bytesIn(topics[feed], feed)),
        { width: 6, unit: 'bytes/s' },
      ),
      graph('Readers of the topics behind', topicLags(sources, MINUTE) ?? [], { width: 6, unit: 's' }),
      graph(
        'Connector',
        (['SinkRecordReadRate', 'SinkRecordSendRate'] as const).map((name) =>
          connect.metric(name, { statistic: 'Average' }),
        ),
        { width: 6, unit: 'records/s' },
      ),
      graph('Records of streams landed', landed, { width: 6, unit: 'records', stacked: true }),
    ],
    [
      graph(
        'Tasks',
        (['RunningTaskCount', 'ErroredTaskCount'] as const).map((name) =>
          connect.metric(name, { statistic: 'Maximum' }),
        ),
        { width: 6, unit: 'tasks' },
      ),
      graph('Worst broker: processor', [msk.worstCpu()], { width: 6, unit: '%' }),
      graph(
        'Worst broker: disk, heap',
        [msk.worstBroker('KafkaDataLogsDiskUsed'), msk.worstBroker('HeapMemoryAfterGC')],
        {
          width: 6,
          unit: '%',
        },
      ),
      graph(
        'Partitions',
        [
          msk.cluster('OfflinePartitionsCount', { statistic: 'Maximum' }),
          msk.worstBroker('UnderMinIsrPartitionCount'),
          msk.worstBroker('UnderReplicatedPartitions'),
        ],
        { width: 6, unit: 'partitions' },
      ),
    ],
  ];
}

function speed(sources: Sources): Row[] {
  return [
    [heading('Speed', 'The functions that keep posts and counters: how far behind, how many changes, what fails.')],
    [
      graph(
        'Behind their streams',
        sources.streamReaders.map((name) => sources.function('IteratorAge', name, { statistic: 'Maximum' })),
        { width: 6, unit: 'ms' },
      ),
      graph(
        'Changes and counters',
        (['ChangesIn', 'CountersWritten', 'PostsTouched'] as const).map((name) =>
          ownMetric('aggregate', name, { statistic: 'Sum' }),
        ),
        { width: 6, unit: 'changes' },
      ),
      graph(
        'From a change to its counting',
        (['p50', 'p99'] as const).map((statistic) =>
          ownMetric('aggregate', 'ChangeAge', { statistic, label: statistic }),
        ),
        { width: 6, unit: 'ms' },
      ),
      graph('Errors', failures(sources, 'Errors'), { width: 6, unit: 'invocations' }),
    ],
    [
      graph('Throttles', failures(sources, 'Throttles'), { width: 6, unit: 'invocations' }),
      graph(
        'Refused by tables',
        (['posts', 'counters'] as const).flatMap((table) =>
          (['ReadThrottleEvents', 'WriteThrottleEvents'] as const).map((name) =>
            sources.table(name, table, { statistic: 'Sum' }),
          ),
        ),
        { width: 6, unit: 'requests' },
      ),
      graph('Batches given up', [ownMetric('observe', 'ParkedBatches', { statistic: 'Maximum', period: 5 * MINUTE })], {
        width: 6,
        unit: 'batches',
      }),
      graph(
        'Refused rows',
        feedNames.map((feed) => feedMetric('clean', 'RowsQuarantined', feed, { statistic: 'Sum' })),
        {
          width: 6,
          unit: 'rows',
          stacked: true,
        },
      ),
    ],
  ];
}

function batch(sources: Sources): Row[] {
  if (!sources.profile.batchPath) return [];
  const runs = (['ExecutionsSucceeded', 'ExecutionsFailed', 'ExecutionsTimedOut'] as const).map((name) =>
    awsMetric('AWS/States', name, { StateMachineArn: sources.machineArn }, { statistic: 'Sum', period: 5 * MINUTE }),
  );
  const took = awsMetric(
    'AWS/States',
    'ExecutionTime',
    { StateMachineArn: sources.machineArn },
    { statistic: 'Maximum', period: 5 * MINUTE },
  );
  const referee = (...names: readonly ('RowsLost' | 'RowDrift' | 'CounterDrift')[]): IMetric[] =>
    names.map((name) => ownMetric('referee', name, { statistic: 'Maximum', period: 5 * MINUTE }));
  return [
    [heading('Batch', 'Runs, rows that landed late, and what the referee finds: loss, and how far the layers differ.')],
    [
      graph('Runs', runs, { width: 6, unit: 'runs' }),
      graph('A run takes', [took], { width: 6, unit: 'ms' }),
      graph(
        'Landed late',
        feedNames.map((feed) => feedMetric('batch', 'LateLanded', feed, { statistic: 'Sum' })),
        {
          width: 6,
          unit: 'rows',
          stacked: true,
        },
      ),
      graph('Lost, drifted', referee('RowsLost', 'RowDrift', 'CounterDrift'), { width: 6, unit: 'rows, counters' }),
    ],
    [
      graph('Live: accepted and not landed', [notLanded(sources)], { width: 12, unit: 'records, about' }),
      numbers('Lost, up to the watermark', referee('RowsLost'), 12),
    ],
  ];
}

/**
 * Of the streams, minute by minute. Records that are on their way count, so it is shown and never alarmed on. A minute in
 * which none landed is where it matters most.
 */
function notLanded(sources: Sources): IMetric {
  const sumOf = (ids: readonly string[]) => `FILL(SUM([${ids.join(', ')}]), 0)`;
  const accepted = sources.eachFeed((feed) => sources.stream('IncomingRecords', feed, { statistic: 'Sum' }));
  const landed = feedNames.map((feed) => feedMetric('archive', 'RecordsLanded', feed, { statistic: 'Sum' }));
  return combined(
    'accepted less landed',
    [...accepted, ...landed],
    (ids) => `${sumOf(ids.slice(0, 3))} - ${sumOf(ids.slice(3))}`,
  );
}

function serving(sources: Sources): Row[] {
  const { queryFunction } = sources.names;
  return [
    [heading('Serving', 'The query function: how many answers, how fast, and what it reads.')],
    [
      graph('Answers', [sources.function('Invocations', queryFunction, { statistic: 'Sum' })], {
        width: 8,
        unit: 'invocations',
      }),
      graph(
        'Duration',
        (['p50', 'p90'] as const).map((statistic) =>
          sources.function('Duration', queryFunction, { statistic, label: statistic }),
        ),
        { width: 8, unit: 'ms' },
      ),
      graph('Reads of counters', [sources.table('ConsumedReadCapacityUnits', 'counters', { statistic: 'Sum' })], {
        width: 8,
        unit: 'units',
      }),
    ],
  ];
}

function monitoring(sources: Sources): Row[] {
  const age = [
    ownMetric('observe', 'LiveFreshness', { statistic: 'Minimum', label: 'live', period: 5 * MINUTE }),
    ...(sources.profile.batchPath
      ? [ownMetric('observe', 'BatchFreshness', { statistic: 'Minimum', label: 'batch', period: 5 * MINUTE })]
      : []),
  ];
  const canary = canaryOf(sources.profile) && [
    graph(
      'Canary: failed checks',
      [ownMetric('canary', 'CanaryChecksFailed', { statistic: 'Maximum', period: 5 * MINUTE })],
      { width: 8, unit: 'checks' },
    ),
    graph(
      'Canary: from the request to the post',
      [ownMetric('canary', 'CanaryPostedToStored', { statistic: 'Maximum', period: 5 * MINUTE })],
      { width: 8, unit: 'ms' },
    ),
  ];
  return [
    [heading('Monitoring', 'The age of the answers, and the post that the deployment sends itself.')],
    [graph('Age of the answers', age, { width: 8, unit: 's' }), ...(canary ?? [])],
  ];
}

const failures = (sources: Sources, name: 'Errors' | 'Throttles'): IMetric[] =>
  sources.functions.map((functionName) => sources.function(name, functionName, { statistic: 'Sum' }));
