import type { Dimensions, MetricSink, Observation } from '../types.ts';

/**
 * Metrics that only faults bring about, by namespace and by the names of the dimensions. They are zero for every resource
 * that is known, so that an alarm on them is never without data; AWS publishes some of them on faults only.
 */
const FAULTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'AWS/DynamoDB': {
    TableName: ['ReadThrottleEvents', 'WriteThrottleEvents'],
    'Operation,TableName': ['SystemErrors', 'ThrottledRequests'],
  },
  'AWS/Kinesis': {
    StreamName: ['PutRecords.FailedRecords', 'ReadProvisionedThroughputExceeded', 'WriteProvisionedThroughputExceeded'],
  },
  'AWS/Lambda': { FunctionName: ['DeadLetterErrors', 'Throttles'] },
  'AWS/Scheduler': { ScheduleGroup: ['InvocationDroppedCount', 'TargetErrorCount'] },
  'AWS/States': { StateMachineArn: ['ExecutionsAborted', 'ExecutionsFailed', 'ExecutionsTimedOut'] },
};

/** Hands observations on, and remembers of what they were. */
export class FaultZeros implements MetricSink {
  readonly #sink: MetricSink;
  readonly #known = new Map<string, readonly [string, Dimensions]>();

  constructor(sink: MetricSink) {
    this.#sink = sink;
  }

  put(observation: Observation): void {
    this.know(observation.namespace, observation.dimensions);
    this.#sink.put(observation);
  }

  know(namespace: string, dimensions: Dimensions): void {
    if (namespace in FAULTS) this.#known.set(namespace + JSON.stringify(dimensions), [namespace, dimensions]);
  }

  /** Puts the zeros of one interval. */
  tell(): void {
    for (const [namespace, dimensions] of this.#known.values()) {
      const names = FAULTS[namespace]![Object.keys(dimensions).sort().join()] ?? [];
      for (const name of names) this.#sink.put({ namespace, name, dimensions, value: 0, unit: 'Count' });
    }
  }
}
