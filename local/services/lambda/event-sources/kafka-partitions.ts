import type { Caller } from '../../../access/caller.ts';
import { type JsonObject, ServiceError } from '../../service.ts';
import { apiIdOf, isRefusal, KafkaGroup } from './kafka-group.ts';
import { type ClusterOfEvent, kafkaBatchInfo, kafkaEvent, partitionName } from './kafka-records.ts';
import type { BatchRecord } from './shard-batcher.ts';
import type { Checkpoint, Positions, Shard, ShardReader, ShardSource, StartingPosition } from './shard-source.ts';

/** Amazon MSK, as far as a mapping asks it. */
export interface ClusterApi {
  /** @throws ServiceError */
  call(caller: Caller, operation: string, input: JsonObject): JsonObject;
  /** Names of topics and groups that roles may be granted without a resource of their own. */
  addNames(topics: readonly string[], groups: readonly string[]): void;
}

export interface KafkaSourceOptions {
  readonly cluster: ClusterApi;
  readonly role: Caller;
  readonly clusterArn: string;
  readonly topic: string;
  readonly group: string;
  readonly batchSize: number;
  readonly problem: (error: unknown) => void;
}

const PREFETCHED_BATCHES = 2;
const NEWEST_LIMIT_MS = 30_000;

/**
 * A topic of a cluster, read as a consumer group, whose committed offsets are the checkpoints. A batch is of one partition.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
export class KafkaSource implements ShardSource {
  readonly #options: KafkaSourceOptions;
  #group: KafkaGroup | undefined;
  #cluster: ClusterOfEvent = { eventSourceArn: '', bootstrapServers: '' };
  #committed = new Map<number, bigint>();

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
  }

  async check(): Promise<void> {
    const { batchSize, cluster, clusterArn: ClusterArn, group, problem, role, topic } = this.#options;
    cluster.call(role, 'DescribeClusterV2', { ClusterArn });
    const { bootstrapBrokerStringSaslIam } = cluster.call(role, 'GetBootstrapBrokers', { ClusterArn });
    const bootstrapServers = String(bootstrapBrokerStringSaslIam);
    this.#cluster = { eventSourceArn: ClusterArn, bootstrapServers };
    const ahead = batchSize * PREFETCHED_BATCHES;
    this.#group = new KafkaGroup({ bootstrapServers, topic, group, subject: role.arn, ahead, problem });
    try {
      await this.#group.join();
      this.#committed = await this.#group.committed();
    } catch (error) {
      await this.#group.close();
      throw this.#refusal(error);
    }
  }

  async shards(): Promise<Shard[]> {
    return this.#member()
      .assigned()
      .map((partition) => ({ id: partitionName(this.#options.topic, partition), parents: [] }));
  }

  async newest(shardId: string): Promise<Checkpoint> {
    const index = this.#index(shardId);
    const end = await this.#member().offsetOf(index, { type: 'LATEST' });
    // Forgotten, what comes until a later start would be passed over.
    await this.#member().commit(index, end, NEWEST_LIMIT_MS);
    return { kind: 'after', sequenceNumber: String(end - 1n) };
  }

  reader(shardId: string, start: StartingPosition, checkpoint: Checkpoint | undefined): ShardReader {
    const group = this.#member();
    const partition = this.#index(shardId);
    let reading = false;
    return {
      read: async (limit) => {
        if (!reading) {
          const known = checkpoint?.kind === 'after' ? BigInt(checkpoint.sequenceNumber) + 1n : undefined;
          group.read(partition, known ?? (await group.offsetOf(partition, start)));
          reading = true;
        }
        return { records: group.take(partition, limit), ended: false };
      },
    };
  }

  get positions(): Positions {
    return {
      get: (shardId) => {
        const next = this.#committed.get(this.#index(shardId));
        return next === undefined ? undefined : { kind: 'after', sequenceNumber: String(next - 1n) };
      },
      put: async (shardId, checkpoint) => {
        if (checkpoint.kind !== 'after') return;
        const next = BigInt(checkpoint.sequenceNumber) + 1n;
        this.#committed.set(this.#index(shardId), next);
        await this.#member().commit(this.#index(shardId), next);
      },
    };
  }

  onRecords(listener: () => void): () => void {
    return this.#member().onRecords(listener);
  }

  event(records: readonly BatchRecord[], shardId: string): string {
    return kafkaEvent(this.#cluster, shardId, records);
  }

  describe(shardId: string, records: readonly BatchRecord[]) {
    return { folder: '', info: { KafkaBatchInfo: kafkaBatchInfo(this.#cluster, shardId, records) } };
  }

  async close(): Promise<void> {
    await this.#group?.close();
  }

  #member(): KafkaGroup {
    if (this.#group === undefined) throw new Error('The group is not joined yet.');
    return this.#group;
  }

  #index(shardId: string): number {
    return Number(shardId.slice(this.#options.topic.length + 1));
  }

  #refusal(error: unknown): unknown {
    const { role, topic, group } = this.#options;
    if (!isRefusal(error)) return error;
    const message =
      `${role.arn} may not read the topic ${topic} in the group ${group} (${apiIdOf(error)}): it needs kafka-cluster:Connect, ` +
      'DescribeTopic, ReadData, DescribeGroup and AlterGroup.';
    return new ServiceError('AccessDeniedException', message, 403);
  }
}
