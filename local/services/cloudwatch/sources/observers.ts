import type { MetricSink } from '../types.ts';

/** One answered request of an API. Milliseconds. */
export interface ApiRequest {
  readonly api: string;
  readonly stage: string;
  readonly status: number;
  readonly latency: number;
  /** Undefined when nothing was called. */
  readonly integrationLatency: number | undefined;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html */
export function putApiRequest(sink: MetricSink, { api, stage, status, latency, integrationLatency }: ApiRequest): void {
  for (const dimensions of [{ ApiName: api }, { ApiName: api, Stage: stage }]) {
    const put = (name: string, value: number, unit: string): void =>
      sink.put({ namespace: 'AWS/ApiGateway', name, dimensions, value, unit });
    put('Count', 1, 'Count');
    put('4XXError', status >= 400 && status < 500 ? 1 : 0, 'Count');
    put('5XXError', status >= 500 ? 1 : 0, 'Count');
    put('Latency', latency, 'Milliseconds');
    if (integrationLatency !== undefined) put('IntegrationLatency', integrationLatency, 'Milliseconds');
  }
}

/** What functions do. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
export interface FunctionObserver {
  throttled(functionName: string): void;
  /** `running`: invocations under way, with this one. */
  started(functionName: string, running: number): void;
  ended(functionName: string, failed: boolean, ms: number): void;
  /** Of the last record of a batch of a stream, milliseconds. */
  batchAge(functionName: string, ms: number): void;
}

export function functionObserver(sink: MetricSink): FunctionObserver {
  const put = (FunctionName: string, name: string, value: number, unit = 'Count'): void =>
    sink.put({ namespace: 'AWS/Lambda', name, dimensions: { FunctionName }, value, unit });
  return {
    throttled: (name) => put(name, 'Throttles', 1),
    started: (name, running) => put(name, 'ConcurrentExecutions', running),
    ended: (name, failed, ms) => {
      put(name, 'Invocations', 1);
      put(name, 'Errors', failed ? 1 : 0);
      put(name, 'Duration', ms, 'Milliseconds');
    },
    batchAge: (name, ms) => put(name, 'IteratorAge', ms, 'Milliseconds'),
  };
}

/** Capacity of tables. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html */
export interface CapacityObserver {
  consumed(table: string, use: 'Read' | 'Write', units: number): void;
  throttled(table: string, use: 'Read' | 'Write'): void;
}

export function capacityObserver(sink: MetricSink): CapacityObserver {
  const put = (TableName: string, name: string, value: number): void =>
    sink.put({ namespace: 'AWS/DynamoDB', name, dimensions: { TableName }, value, unit: 'Count' });
  return {
    consumed: (table, use, units) => put(table, `Consumed${use}CapacityUnits`, units),
    throttled: (table, use) => put(table, `${use}ThrottleEvents`, 1),
  };
}

/** A page of a stream that was read. https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html */
export function putStreamRead(sink: MetricSink, stream: string, page: { readonly [member: string]: unknown }): void {
  const put = (name: string, value: number, unit: string): void =>
    sink.put({ namespace: 'AWS/Kinesis', name, dimensions: { StreamName: stream }, value, unit });
  const records = page['Records'] as readonly { readonly Data: string; readonly ApproximateArrivalTimestamp: number }[];
  const arrival = records.at(-1)?.ApproximateArrivalTimestamp;
  const age = arrival === undefined ? 0 : Math.max(0, Date.now() - arrival * 1_000);
  const bytes = records.reduce((sum, { Data }) => sum + Buffer.byteLength(Data, 'base64'), 0);
  put('GetRecords.IteratorAgeMilliseconds', age, 'Milliseconds');
  put('GetRecords.Records', records.length, 'Count');
  put('GetRecords.Bytes', bytes, 'Bytes');
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html */
export function putExecution(sink: MetricSink, machineArn: string, status: string, ms?: number): void {
  const put = (name: string, value: number, unit: string): void =>
    sink.put({ namespace: 'AWS/States', name, dimensions: { StateMachineArn: machineArn }, value, unit });
  const names: Readonly<Record<string, string>> = {
    RUNNING: 'ExecutionsStarted',
    SUCCEEDED: 'ExecutionsSucceeded',
    FAILED: 'ExecutionsFailed',
    TIMED_OUT: 'ExecutionsTimedOut',
    ABORTED: 'ExecutionsAborted',
  };
  put(names[status]!, 1, 'Count');
  if (ms !== undefined) put('ExecutionTime', ms, 'Milliseconds');
}

/**
 * A run of a Glue job. Spark's own counters are not read here: a run that fails counts as one failed task.
 * https://docs.aws.amazon.com/glue/latest/dg/monitoring-awsglue-with-cloudwatch-metrics.html
 */
export function putJobRun(sink: MetricSink, job: string, runId: string, failed: boolean, ms: number): void {
  for (const JobRunId of [runId, 'ALL']) {
    const put = (name: string, value: number, unit: string): void => {
      const dimensions = { JobName: job, JobRunId, Type: 'count' };
      sink.put({ namespace: 'Glue', name: `glue.driver.aggregate.${name}`, dimensions, value, unit });
    };
    put('numFailedTasks', failed ? 1 : 0, 'Count');
    put('elapsedTime', ms, 'Milliseconds');
  }
}

/** A query that has ended. https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html */
export interface EndedQuery {
  readonly workGroup: string;
  readonly state: string;
  readonly type: string;
  readonly scannedBytes?: number | undefined;
  readonly engineMs?: number | undefined;
  readonly totalMs: number;
}

export function putQuery(sink: MetricSink, query: EndedQuery): void {
  const { workGroup: WorkGroup, state: QueryState, type: QueryType } = query;
  for (const dimensions of [{ WorkGroup }, { QueryState, QueryType, WorkGroup }]) {
    const put = (name: string, value: number, unit: string): void =>
      sink.put({ namespace: 'AWS/Athena', name, dimensions, value, unit });
    put('ProcessedBytes', query.scannedBytes ?? 0, 'Bytes');
    put('EngineExecutionTime', query.engineMs ?? 0, 'Milliseconds');
    put('TotalExecutionTime', query.totalMs, 'Milliseconds');
  }
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html */
export function putSchedule(
  sink: MetricSink,
  group: string,
  name: 'InvocationAttemptCount' | 'InvocationDroppedCount' | 'TargetErrorCount',
): void {
  sink.put({ namespace: 'AWS/Scheduler', name, dimensions: { ScheduleGroup: group }, value: 1, unit: 'Count' });
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html */
export function putPublished(sink: MetricSink, topicArn: string): void {
  const dimensions = { TopicName: topicArn.split(':').at(-1)! };
  sink.put({ namespace: 'AWS/SNS', name: 'NumberOfMessagesPublished', dimensions, value: 1, unit: 'Count' });
}
