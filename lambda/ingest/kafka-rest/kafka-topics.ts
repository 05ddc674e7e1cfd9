import { type ClusterMetadata, defaultPartitioner, Producer } from '@platformatic/kafka';
import { listenToConnectionErrors } from './connection-errors.ts';
import type { BrokerAccess } from './token.ts';
import { BrokerError, type Failure, type Partition, type PlacedRecord, type Topics } from './topics.ts';

export interface KafkaTopicsOptions extends BrokerAccess {
  /** `host:port,host:port` */
  readonly bootstrapServers: string;
}

const connectMs = 3_000;
const requestMs = 5_000;
const retryDelayMs = 200;

type Bytes = Producer<Buffer, Buffer, Buffer, Buffer>;

/**
 * Topics behind one idempotent producer, which lives as long as the function's environment: brokers limit how many
 * connections are made in a second. Faults that may pass are tried again until the deadline of the request; the producer
 * is then given up with all it still tries, so that nothing is written after the answer said otherwise.
 */
export class KafkaTopics implements Topics {
  readonly #options: KafkaTopicsOptions;
  #producer: Bytes | undefined;
  /** Epoch milliseconds. */
  deadline = 0;

  constructor(options: KafkaTopicsOptions) {
    this.#options = options;
    listenToConnectionErrors();
  }

  async partitions(topic: string): Promise<readonly Partition[]> {
    let metadata: ClusterMetadata;
    try {
      metadata = await this.#inTime((producer) => producer.metadata({ topics: [topic] }));
    } catch (error) {
      throw new BrokerError(failureOf(error), error);
    }
    return metadata.topics
      .get(topic)!
      .partitions.map(({ leader, replicas, isr }, id) => ({ id, leader, replicas, inSync: isr }));
  }

  partitionFor(key: Buffer, partitions: number): number {
    return defaultPartitioner({ topic: '', value: key }, key) % partitions;
  }

  async produce(topic: string, records: readonly PlacedRecord[]): Promise<ReadonlyMap<number, bigint | Failure>> {
    const messages = records.map(({ partition, key, value }) => ({
      topic,
      partition,
      value,
      ...(key !== null && { key }),
    }));
    try {
      const { offsets = [] } = await this.#inTime((producer) => producer.send({ messages, idempotent: true }));
      return new Map(offsets.map(({ partition, offset }) => [partition, offset]));
    } catch (error) {
      const failure = failureOf(error);
      const none = records.map(({ partition }) => [partition, failure] as const);
      return new Map<number, bigint | Failure>([...none, ...writtenDespite(error)]);
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.close(true);
  }

  async #inTime<T>(operation: (producer: Bytes) => Promise<T>): Promise<T> {
    this.#producer ??= this.#open();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new DeadlineError()), Math.max(0, this.deadline - Date.now()));
    });
    try {
      return await Promise.race([operation(this.#producer), late]);
    } catch (error) {
      if (error instanceof DeadlineError) await this.close().catch(() => {});
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #open(): Bytes {
    const { bootstrapServers, token, tls } = this.#options;
    return new Producer({
      clientId: 'pinflow-kafka-rest',
      bootstrapBrokers: bootstrapServers.split(','),
      sasl: { mechanism: 'OAUTHBEARER', token },
      ...(tls && { tls: {}, tlsServerName: true }),
      idempotent: true,
      autocreateTopics: false,
      connectTimeout: connectMs,
      requestTimeout: requestMs,
      timeout: requestMs,
      retries: Number.MAX_SAFE_INTEGER,
      retryDelay: retryDelayMs,
    });
  }
}

class DeadlineError extends Error {
  constructor() {
    super('The brokers did not answer in time.');
    this.name = 'DeadlineError';
  }
}

/** What errors of the client can have beyond a message. */
interface ClientError extends Error {
  readonly errors?: readonly ClientError[];
  /** Kafka's name of an error that a broker answered. */
  readonly apiId?: string;
  readonly canRetry?: boolean;
  readonly response?: {
    readonly responses?: readonly {
      readonly partitionResponses: readonly {
        readonly index: number;
        readonly errorCode: number;
        readonly baseOffset: bigint;
      }[];
    }[];
  };
  readonly produced?: { readonly offsets?: readonly { readonly partition: number; readonly offset: bigint }[] };
}

export function failureOf(error: unknown): Failure {
  const all = everyError(error as ClientError);
  const answered = all.findLast(({ apiId }) => apiId !== undefined);
  if (answered === undefined) {
    const { message } = all.at(-1)!;
    return { kind: 'unavailable', message: `The brokers cannot be reached: ${message}` };
  }
  return {
    kind: answered.canRetry ? 'retriable' : 'final',
    message: `Kafka answered ${answered.apiId}: ${answered.message}`,
  };
}

/** Partitions that took their records although another one did not. */
function writtenDespite(error: unknown): readonly (readonly [number, bigint])[] {
  return everyError(error as ClientError).flatMap(({ produced, response }) => [
    ...(produced?.offsets ?? []).map(({ partition, offset }) => [partition, offset] as const),
    ...(response?.responses ?? []).flatMap(({ partitionResponses }) =>
      partitionResponses
        .filter(({ errorCode }) => errorCode === 0)
        .map(({ index, baseOffset }) => [index, baseOffset] as const),
    ),
  ]);
}

const everyError = (error: ClientError): readonly ClientError[] => [error, ...(error.errors ?? []).flatMap(everyError)];
