import type { ConnectorStatus } from '../../../engines/connect.ts';
import type { JsonObject } from '../../service.ts';
import type { MetricSink } from '../types.ts';
import { putConnector } from './connector-metrics.ts';
import type { FaultZeros } from './fault-zeros.ts';
import type { KafkaSampler } from './kafka-sampler.ts';

export interface SamplersOptions {
  readonly sink: FaultZeros;
  readonly kafka: KafkaSampler;
  /** The worker of a connector; undefined when it has none. */
  readonly worker: (connector: string) => { status(name: string): Promise<ConnectorStatus> } | undefined;
  readonly queues: () => readonly { readonly queue: string; readonly visible: number; readonly received: number }[];
  readonly scheduleGroups: () => readonly string[];
  readonly machines: () => Promise<JsonObject>;
}

const STATUS_LIMIT_MS = 4_000;
/** The group in which a sink connector reads. */
const CONNECT_GROUP = 'connect-';

/** Takes what is to be asked for, rather than counted, once an interval. */
export class Samplers {
  readonly #options: SamplersOptions;
  #asking = false;

  constructor(options: SamplersOptions) {
    this.#options = options;
  }

  async sample(): Promise<void> {
    const { sink, kafka, queues, scheduleGroups, machines } = this.#options;
    for (const { queue, visible, received } of queues()) putQueue(sink, queue, visible, received);
    for (const ScheduleGroup of scheduleGroups()) sink.know('AWS/Scheduler', { ScheduleGroup });
    const { stateMachines } = (await machines()) as { stateMachines: { stateMachineArn: string }[] };
    for (const { stateMachineArn: StateMachineArn } of stateMachines) sink.know('AWS/States', { StateMachineArn });
    sink.tell();
    await Promise.all([kafka.sample(), this.#sampleConnectors()]);
  }

  async #sampleConnectors(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const { sink, kafka, worker } = this.#options;
      for (const [group, rate] of kafka.readRates) {
        const name = group.startsWith(CONNECT_GROUP) ? group.slice(CONNECT_GROUP.length) : undefined;
        const found = name === undefined ? undefined : worker(name);
        if (name === undefined || found === undefined) continue;
        const status = await within(found.status(name));
        if (status !== undefined) putConnector(sink, name, status, rate);
      }
    } finally {
      this.#asking = false;
    }
  }
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html */
function putQueue(sink: MetricSink, QueueName: string, visible: number, received: number): void {
  const put = (name: string, value: number): void =>
    sink.put({ namespace: 'AWS/SQS', name, dimensions: { QueueName }, value, unit: 'Count' });
  put('ApproximateNumberOfMessagesVisible', visible);
  put('ApproximateNumberOfMessagesNotVisible', received);
}

/** Undefined for what fails or does not come soon. */
async function within<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), STATUS_LIMIT_MS).unref();
  });
  try {
    return await Promise.race([promise.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
