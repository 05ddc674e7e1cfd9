/** The settings of the topics door and of everything behind it. Without `batchPath` they are not used. */
export interface BatchPathProfile {
  readonly broker: BrokerProfile;
  readonly topics: TopicsProfile;
  readonly kafkaRest: KafkaRestProfile;
  readonly sink: SinkProfile;
  readonly archive: ArchiveProfile;
  readonly batch: BatchProfile;
}

export interface BrokerProfile {
  /** Such as `kafka.t3.small`, which takes 4 new IAM connections a second; others take 100. */
  readonly instanceType: string;
  /** A multiple of the two availability zones. */
  readonly brokers: number;
  readonly volumeGiB: number;
  /** Levels above `DEFAULT` cost $0.30 a metric and month. */
  readonly monitoring: 'DEFAULT' | 'PER_BROKER' | 'PER_TOPIC_PER_BROKER' | 'PER_TOPIC_PER_PARTITION';
}

export interface TopicsProfile {
  /** Of each topic. */
  readonly partitions: number;
  readonly replication: number;
  /** How many copies a write with acks=all waits for. Below `replication`, or the restart of one broker stops all writing. */
  readonly minInSyncReplicas: number;
  readonly retentionHours: number;
}

/** The function that writes to the topics. */
export interface KafkaRestProfile {
  readonly memoryMiB: number;
  /** Below the 29 s of API Gateway. */
  readonly timeoutSeconds: number;
  /** How many environments there may be, each with one connection a broker. */
  readonly reservedConcurrency: number;
}

/** An object is closed by whichever comes first; a new UTC date closes it too. */
export interface FlushPolicy {
  readonly records: number;
  /** Before compression. A partition holds no more than this in memory. */
  readonly bytes: number;
  readonly seconds: number;
}

export interface SinkProfile {
  readonly flush: FlushPolicy;
  /** More than there are partitions would be idle. */
  readonly tasks: number;
  /** MSK Connect Units ($0.11 an hour each: 1 vCPU, 4 GiB) of a worker. */
  readonly mcu: 1 | 2 | 4 | 8;
  readonly workers: number;
  /** @default - the connector of `connect/` */
  readonly plugin?: PluginProfile;
}

/** Another connector than ours. */
export interface PluginProfile {
  /** A ZIP. */
  readonly path: string;
  /** In hex. The synthesis fails when the file is another one. */
  readonly sha256: string;
  /** All of the connector's configuration but its topics and `tasks.max`. */
  readonly configuration: Readonly<Record<string, string>>;
}

/** The function that writes the streams' records to raw. */
export interface ArchiveProfile {
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
}

export interface BatchProfile {
  /** At least 2: the driver and one executor. */
  readonly workers: number;
  readonly workerType: 'G.1X' | 'G.2X';
  readonly timeoutMinutes: number;
  /** For how long after the flush window a record may still be on its way to raw. */
  readonly graceSeconds: number;
  /** Arrival dates that the first run reads, before there is a watermark. */
  readonly firstRunDays: number;
  /** A run with a greater share of refused rows in a feed does not become what readers see. 0 to 1. */
  readonly maxQuarantinedShare: number;
  /** Bytes a query may scan; Athena takes no less than 10 MB. */
  readonly scanLimitBytes: number;
  /** When a run starts every day, UTC. @default - only on demand */
  readonly daily?: { readonly hour: number; readonly flexibleMinutes: number };
}
