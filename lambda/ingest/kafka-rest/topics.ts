/** What keeps a record out of its topic. */
export interface Failure {
  /** `unavailable`: no broker answered in time; `retriable` and `final` are answers of a broker. */
  readonly kind: 'unavailable' | 'retriable' | 'final' | 'too-large';
  readonly message: string;
}

export class BrokerError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, { cause });
    this.name = 'BrokerError';
    this.failure = failure;
  }
}

export interface Partition {
  readonly id: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/** A record on its way to a partition. */
export interface PlacedRecord {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
}

/** The brokers, as far as the door needs them. */
export interface Topics {
  /** @throws BrokerError */
  partitions(topic: string): Promise<readonly Partition[]>;
  /** Where records of a key go. */
  partitionFor(key: Buffer, partitions: number): number;
  /**
   * Writes the records with one produce, those of a partition in their order.
   * @returns by partition, the offset of its first record or why it took none
   */
  produce(topic: string, records: readonly PlacedRecord[]): Promise<ReadonlyMap<number, bigint | Failure>>;
}
