import type { Caller } from '../../../access/caller.ts';
import type { KafkaService } from '../../kafka/service.ts';
import type { KafkaConnectService } from '../../kafkaconnect/service.ts';
import type { Scheduler } from '../../scheduler/service.ts';
import type { SqsService } from '../../sqs/service.ts';
import type { StatesService } from '../../states/service.ts';
import type { MetricSink } from '../types.ts';
import { putConnector } from './connector-metrics.ts';
import type { FaultZeros } from './fault-zeros.ts';
import { KafkaSampler } from './kafka-sampler.ts';

export interface SamplersOptions {
  readonly sink: FaultZeros;
  readonly kafka: Pick<KafkaService, 'call' | 'engine'>;
  readonly kafkaConnect: Pick<KafkaConnectService, 'worker'>;
  readonly scheduler: Pick<Scheduler, 'schedules'>;
  readonly sqs: Pick<SqsService, 'depths'>;
  readonly states: Pick<StatesService, 'call'>;
  readonly administrator: Caller;
  /** Where the state is. */
  readonly directory: string;
  readonly log: (line: string) => void;
}

const STATUS_LIMIT_MS = 20_000;
/** The group in which a sink connector reads. */
const CONNECT_GROUP = 'connect-';

/** Takes what is to be asked for, rather than counted, once an interval. */
export class Samplers {
  readonly #options: SamplersOptions;
  readonly #kafka: KafkaSampler;
  #asking = false;

  constructor(options: SamplersOptions) {
    this.#options = options;
    const { sink, kafka, administrator, directory, log } = options;
    const cluster = () => kafka.call(administrator, 'ListClusters', {});
    this.#kafka = new KafkaSampler({ sink, cluster, engine: () => kafka.engine(), directory, log });
  }

  async sample(): Promise<void> {
    const { sink, scheduler, sqs, states } = this.#options;
    for (const { queue, visible, received } of sqs.depths()) putQueue(sink, queue, visible, received);
    for (const { group } of scheduler.schedules()) sink.know('AWS/Scheduler', { ScheduleGroup: group });
    const { stateMachines } = await states.call('ListStateMachines', {});
    for (const { stateMachineArn } of stateMachines as { stateMachineArn: string }[]) {
      sink.know('AWS/States', { StateMachineArn: stateMachineArn });
    }
    sink.tell();
    await Promise.all([this.#kafka.sample(), this.#sampleConnectors()]);
  }

  async #sampleConnectors(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const { sink, kafkaConnect } = this.#options;
      for (const [group, rate] of this.#kafka.readRates) {
        const name = group.startsWith(CONNECT_GROUP) ? group.slice(CONNECT_GROUP.length) : undefined;
        const found = name === undefined ? undefined : kafkaConnect.worker(name);
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
