import { availableParallelism } from 'node:os';
import type { Admin } from '@platformatic/kafka';
import type { JsonObject } from '../../service.ts';
import type { MetricSink } from '../types.ts';
import { type Behind, timesOf } from './kafka-record-times.ts';
import { cpuOf, diskUsedPercent, heapPercent, TICKS_PER_SECOND } from './process-usage.ts';

export interface Broker {
  readonly pid: number | undefined;
  readonly bootstrapServers: string;
  administer<T>(work: (admin: Admin) => Promise<T>): Promise<T>;
}

export interface KafkaSamplerOptions {
  readonly sink: MetricSink;
  /** What `ListClusters` answers: there is one, or none. */
  readonly cluster: () => JsonObject;
  readonly engine: () => Promise<Broker>;
  /** Where its log is. */
  readonly directory: string;
  readonly log: (line: string) => void;
}

interface Cluster {
  readonly name: string;
  readonly brokers: number;
}

interface Ends {
  readonly topic: string;
  readonly partition: number;
  readonly end: bigint;
}

const LATEST = -1n;

/**
 * Metrics of the cluster as the broker's own API tells them, and of the broker's process.
 * https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
 */
export class KafkaSampler {
  readonly #options: KafkaSamplerOptions;
  #cluster: Cluster | undefined;
  #state: 'idle' | 'waiting' | 'measuring' = 'idle';
  #partitions = 0;
  #told = '';
  readonly #sizes = new Map<string, { readonly bytes: number; readonly time: number }>();
  readonly #committed = new Map<string, { readonly offsets: number; readonly time: number }>();
  #readRates: ReadonlyMap<string, number> = new Map();
  readonly #ends = new Map<string, { readonly end: bigint; readonly time: number }>();
  #cpu: { readonly user: number; readonly system: number; readonly time: number } | undefined;

  constructor(options: KafkaSamplerOptions) {
    this.#options = options;
  }

  /** Consumer group -> records a second that it committed, of the last sample. */
  get readRates(): ReadonlyMap<string, number> {
    return this.#readRates;
  }

  /** Never throws. While one waits for a broker that is down, the others say so. */
  async sample(): Promise<void> {
    this.#cluster ??= clusterIn(this.#options.cluster());
    const cluster = this.#cluster;
    if (cluster === undefined) return;
    if (this.#state === 'measuring') return;
    if (this.#state === 'waiting') return this.#putDown(cluster);
    this.#state = 'waiting';
    let answered = false;
    try {
      const broker = await this.#options.engine();
      await broker.administer((admin) => {
        this.#state = 'measuring';
        return this.#measure(admin, broker, cluster, () => {
          answered = true;
        });
      });
      this.#told = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#told) this.#options.log(`Metrics of Kafka are missing: ${message}`);
      this.#told = message;
      // One that takes too long for the rest is not down.
      if (!answered) this.#putDown(cluster);
    } finally {
      this.#state = 'idle';
    }
  }

  async #measure(admin: Admin, broker: Broker, cluster: Cluster, answered: () => void): Promise<void> {
    const { name, brokers } = cluster;
    const topics = await admin.listTopics({ includeInternals: false });
    const metadata = await admin.metadata({ topics });
    answered();
    const partitions = topics.flatMap((topic) => metadata.topics.get(topic)?.partitions ?? []);
    this.#partitions = partitions.length;
    this.#putCluster(name, 'ActiveControllerCount', 1);
    this.#putCluster(name, 'OfflinePartitionsCount', partitions.filter(({ leader }) => leader < 0).length);
    this.#putCluster(name, 'GlobalTopicCount', topics.length);
    this.#putCluster(name, 'GlobalPartitionCount', partitions.length);
    const lacking = partitions.filter(({ isr, replicas }) => isr.length < replicas.length).length;
    // The one node stands for every broker of the template.
    for (let id = 1; id <= brokers; id += 1) {
      const put = (metric: string, value: number | undefined, unit = 'None') =>
        this.#put({ 'Cluster Name': name, 'Broker ID': String(id) }, metric, value, unit);
      put('UnderReplicatedPartitions', lacking, 'Count');
      put('UnderMinIsrPartitionCount', partitions.filter(({ isr }) => isr.length < 1).length, 'Count');
      put('PartitionCount', partitions.length, 'Count');
      put('IAMTooManyConnections', 0, 'Count');
      put('KafkaDataLogsDiskUsed', diskUsedPercent(this.#options.directory), 'Percent');
      put('HeapMemoryAfterGC', broker.pid === undefined ? undefined : heapPercent(broker.pid), 'Percent');
    }
    this.#putCpu(broker.pid, name, brokers);
    if (topics.length === 0) return;
    const ends = await this.#endsOf(admin, topics, metadata.topics);
    this.#putRates(name, brokers, ends);
    await this.#putBytes(admin, name, brokers, ends);
    await this.#putLags(admin, broker, name, ends);
  }

  /** The one node is all brokers: without it there is no controller, and no partition has a leader. */
  #putDown({ name }: Cluster): void {
    this.#putCluster(name, 'ActiveControllerCount', 0);
    this.#putCluster(name, 'OfflinePartitionsCount', this.#partitions);
  }

  async #endsOf(
    admin: Admin,
    topics: readonly string[],
    known: ReadonlyMap<string, { readonly partitionsCount: number }>,
  ): Promise<Ends[]> {
    const wanted = topics.map((topic) => ({
      name: topic,
      partitions: Array.from({ length: known.get(topic)?.partitionsCount ?? 0 }, (_, partitionIndex) => ({
        partitionIndex,
        timestamp: LATEST,
      })),
    }));
    const listed = await admin.listOffsets({ topics: wanted });
    return listed.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => ({ topic, partition: partitionIndex, end: offset })),
    );
  }

  /** By what the ends of the log have moved since the sample before; the bytes of records are not told by the broker's API. */
  #putRates(cluster: string, brokers: number, ends: readonly Ends[]): void {
    const now = Date.now();
    const rates = new Map<string, number>();
    for (const { topic, partition, end } of ends) {
      const key = `${topic}/${partition}`;
      const before = this.#ends.get(key);
      this.#ends.set(key, { end, time: now });
      if (before === undefined) continue;
      const rate = Number(end - before.end) / Math.max(1, (now - before.time) / 1_000);
      rates.set(topic, (rates.get(topic) ?? 0) + Math.max(0, rate));
    }
    if (rates.size === 0) return;
    const total = [...rates.values()].reduce((a, b) => a + b, 0);
    for (let id = 1; id <= brokers; id += 1) {
      const dimensions = { 'Cluster Name': cluster, 'Broker ID': String(id) };
      this.#put(dimensions, 'MessagesInPerSec', id === 1 ? total : 0, 'Count/Second');
      for (const [Topic, rate] of rates)
        this.#put({ ...dimensions, Topic }, 'MessagesInPerSec', id === 1 ? rate : 0, 'Count/Second');
    }
  }

  /** By how the log of a topic grows, headers of batches included. */
  async #putBytes(admin: Admin, cluster: string, brokers: number, ends: readonly Ends[]): Promise<void> {
    const wanted = [...Map.groupBy(ends, ({ topic }) => topic)].map(([name, all]) => ({
      name,
      partitions: all.map(({ partition }) => partition),
    }));
    const described = await admin.describeLogDirs({ topics: wanted });
    const now = Date.now();
    for (const { name: Topic, partitions } of described
      .flatMap(({ results }) => results)
      .flatMap(({ topics }) => topics)) {
      const bytes = partitions.reduce((sum, { partitionSize }) => sum + Number(partitionSize), 0);
      const before = this.#sizes.get(Topic);
      this.#sizes.set(Topic, { bytes, time: now });
      if (before === undefined) continue;
      const rate = Math.max(0, bytes - before.bytes) / Math.max(1, (now - before.time) / 1_000);
      for (let id = 1; id <= brokers; id += 1) {
        const dimensions = { 'Cluster Name': cluster, 'Broker ID': String(id), Topic };
        this.#put(dimensions, 'BytesInPerSec', id === 1 ? rate : 0, 'Bytes/Second');
      }
    }
  }

  #noteReads(
    committed: readonly {
      readonly groupId: string;
      readonly topics: readonly { readonly partitions: readonly { readonly committedOffset: bigint }[] }[];
    }[],
  ): void {
    const now = Date.now();
    this.#readRates = new Map(
      committed.map(({ groupId, topics }) => {
        const all = topics
          .flatMap(({ partitions }) => partitions)
          .map(({ committedOffset }) => Math.max(0, Number(committedOffset)));
        const offsets = all.reduce((a, b) => a + b, 0);
        const before = this.#committed.get(groupId) ?? { offsets, time: now };
        this.#committed.set(groupId, { offsets, time: now });
        return [groupId, Math.max(0, offsets - before.offsets) / Math.max(1, (now - before.time) / 1_000)] as const;
      }),
    );
  }

  async #putLags(admin: Admin, broker: Broker, cluster: string, ends: readonly Ends[]): Promise<void> {
    const groups = [...(await admin.listGroups()).keys()];
    if (groups.length === 0) return;
    const endOf = new Map(ends.map(({ topic, partition, end }) => [`${topic}/${partition}`, end]));
    const committed = await admin.listConsumerGroupOffsets({ groups });
    this.#noteReads(committed);
    const behind: Behind[] = committed.flatMap(({ groupId: group, topics }) =>
      topics.flatMap(({ name: topic, partitions }) =>
        partitions.flatMap(({ partitionIndex: partition, committedOffset: offset }) => {
          const end = endOf.get(`${topic}/${partition}`);
          return end === undefined || offset < 0n
            ? []
            : [{ group, topic, partition, offset, lag: end > offset ? Number(end - offset) : 0 }];
        }),
      ),
    );
    const times = await timesOf(
      broker.bootstrapServers,
      behind.filter(({ lag }) => lag > 0),
    );
    const now = Date.now();
    for (const [key, all] of Map.groupBy(behind, ({ group, topic }) => `${group}\n${topic}`)) {
      const [group, Topic] = key.split('\n') as [string, string];
      const dimensions = { 'Cluster Name': cluster, 'Consumer Group': group, Topic };
      const lags = all.map(({ lag }) => lag);
      const seconds = all.map((one) => (times.has(one) ? Math.max(0, (now - times.get(one)!) / 1_000) : 0));
      this.#put(
        dimensions,
        'SumOffsetLag',
        lags.reduce((a, b) => a + b, 0),
        'Count',
      );
      this.#put(dimensions, 'MaxOffsetLag', Math.max(...lags), 'Count');
      this.#put(dimensions, 'EstimatedMaxTimeLag', Math.max(...seconds), 'Seconds');
    }
  }

  /** In percent of the machine. */
  #putCpu(pid: number | undefined, cluster: string, brokers: number): void {
    if (pid === undefined) return;
    const now = cpuOf(pid);
    const before = this.#cpu;
    this.#cpu = now;
    if (now === undefined || before === undefined) return;
    const available = ((now.time - before.time) / 1_000) * TICKS_PER_SECOND * availableParallelism();
    const percent = (ticks: number): number => Math.min(100, Math.max(0, (100 * ticks) / Math.max(1, available)));
    for (let id = 1; id <= brokers; id += 1) {
      const dimensions = { 'Cluster Name': cluster, 'Broker ID': String(id) };
      this.#put(dimensions, 'CpuUser', percent(now.user - before.user), 'Percent');
      this.#put(dimensions, 'CpuSystem', percent(now.system - before.system), 'Percent');
    }
  }

  #putCluster(cluster: string, name: string, value: number): void {
    this.#put({ 'Cluster Name': cluster }, name, value, 'Count');
  }

  #put(dimensions: Record<string, string>, name: string, value: number | undefined, unit: string): void {
    if (value !== undefined) this.#options.sink.put({ namespace: 'AWS/Kafka', name, dimensions, value, unit });
  }
}

function clusterIn({ clusterInfoList }: JsonObject): Cluster | undefined {
  const [first] = clusterInfoList as { clusterName: string; numberOfBrokerNodes: number }[];
  return first && { name: first.clusterName, brokers: first.numberOfBrokerNodes };
}
