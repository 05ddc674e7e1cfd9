import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';

const API = ['ApiName', 'Stage'] as const;
const STREAM = ['StreamName'] as const;
const FUNCTION = ['FunctionName'] as const;
const TABLE = ['TableName'] as const;
const OPERATION = ['TableName', 'Operation'] as const;
const CLUSTER = ['Cluster Name'] as const;
const BROKER = ['Cluster Name', 'Broker ID'] as const;
const TOPIC = ['Cluster Name', 'Broker ID', 'Topic'] as const;
const GROUP = ['Cluster Name', 'Consumer Group', 'Topic'] as const;
const CONNECTOR = ['ConnectorName'] as const;
const MACHINE = ['StateMachineArn'] as const;
const JOB = ['JobName', 'JobRunId', 'Type'] as const;
const WORKGROUP = ['QueryState', 'QueryType', 'WorkGroup'] as const;

/**
 * The metrics of AWS that alarms and dashboards read, with their dimensions. A metric that is not here does not compile.
 *
 * - https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
 * - https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
 * - https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
 * - https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
 * - https://docs.aws.amazon.com/msk/latest/developerguide/mkc-monitoring-overview.html
 * - https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
 * - https://docs.aws.amazon.com/glue/latest/dg/monitoring-awsglue-with-cloudwatch-metrics.html
 * - https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html
 * - https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
 */
export const AWS_METRICS = {
  'AWS/ApiGateway': { Count: API, '4XXError': API, '5XXError': API, Latency: API },
  'AWS/Kinesis': {
    IncomingRecords: STREAM,
    IncomingBytes: STREAM,
    'GetRecords.IteratorAgeMilliseconds': STREAM,
    WriteProvisionedThroughputExceeded: STREAM,
    'PutRecords.FailedRecords': STREAM,
  },
  'AWS/Lambda': {
    Invocations: FUNCTION,
    Errors: FUNCTION,
    Throttles: FUNCTION,
    Duration: FUNCTION,
    IteratorAge: FUNCTION,
  },
  'AWS/DynamoDB': {
    ConsumedReadCapacityUnits: TABLE,
    ConsumedWriteCapacityUnits: TABLE,
    ReadThrottleEvents: TABLE,
    WriteThrottleEvents: TABLE,
    SystemErrors: OPERATION,
  },
  'AWS/Kafka': {
    ActiveControllerCount: CLUSTER,
    OfflinePartitionsCount: CLUSTER,
    UnderMinIsrPartitionCount: BROKER,
    UnderReplicatedPartitions: BROKER,
    KafkaDataLogsDiskUsed: BROKER,
    CpuUser: BROKER,
    CpuSystem: BROKER,
    HeapMemoryAfterGC: BROKER,
    IAMTooManyConnections: BROKER,
    BytesInPerSec: TOPIC,
    EstimatedMaxTimeLag: GROUP,
  },
  'AWS/KafkaConnect': {
    RunningTaskCount: CONNECTOR,
    ErroredTaskCount: CONNECTOR,
    SinkRecordReadRate: CONNECTOR,
    SinkRecordSendRate: CONNECTOR,
  },
  'AWS/States': {
    ExecutionsSucceeded: MACHINE,
    ExecutionsFailed: MACHINE,
    ExecutionsTimedOut: MACHINE,
    ExecutionTime: MACHINE,
  },
  Glue: { 'glue.driver.aggregate.numFailedTasks': JOB, 'glue.driver.aggregate.elapsedTime': JOB },
  'AWS/Athena': { ProcessedBytes: WORKGROUP },
  'AWS/SQS': { ApproximateNumberOfMessagesVisible: ['QueueName'] },
  'AWS/Scheduler': { InvocationDroppedCount: ['ScheduleGroup'] },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

type Namespaces = typeof AWS_METRICS;
type Dimensions<
  N extends keyof Namespaces,
  M extends keyof Namespaces[N],
> = Namespaces[N][M] extends readonly (infer D)[] ? Readonly<Record<D & string, string>> : never;

/** As CloudWatch writes it. */
export type Statistic = 'Sum' | 'Average' | 'Minimum' | 'Maximum' | 'p50' | 'p90' | 'p99';

export interface Shown {
  readonly statistic: Statistic;
  /** @default - the metric's name */
  readonly label?: string;
  /** Seconds. @default 60 */
  readonly period?: number;
}

export function awsMetric<N extends keyof Namespaces, M extends keyof Namespaces[N] & string>(
  namespace: N,
  metricName: M,
  dimensions: Dimensions<N, M>,
  { statistic, label = metricName, period = 60 }: Shown,
): Metric {
  return new Metric({
    namespace,
    metricName,
    dimensionsMap: dimensions,
    statistic,
    label,
    period: Duration.seconds(period),
  });
}
