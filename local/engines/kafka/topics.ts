import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Admin,
  IncrementalAlterConfigOperationTypes as Change,
  ConfigResourceTypes,
  type CreateTopicsOptions,
} from '@platformatic/kafka';

export interface TopicDefinition {
  readonly name: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** A topic has more partitions than its template says: Kafka cannot take one away. */
export class PartitionCountError extends Error {
  constructor(topic: string, there: number, wanted: number) {
    super(
      `The topic ${topic} has ${there} partitions and its template now says ${wanted}. Partitions cannot be taken away: ` +
        'set PartitionCount back, or clear the local state with `npm run reset`.',
    );
    this.name = 'PartitionCountError';
  }
}

/** Of the one node there is. */
const NODE_ID = 1;
/** Configuration set through the admin API, as opposed to a default. */
const DYNAMIC_TOPIC_CONFIG = 1;

/** Creates the topic, or brings an existing one to this definition. */
export async function putTopic(admin: Admin, { name, partitions, ...topic }: TopicDefinition): Promise<void> {
  // With one node there is one replica, whatever the template says.
  const configs =
    'min.insync.replicas' in topic.configs ? { ...topic.configs, 'min.insync.replicas': '1' } : topic.configs;
  if (!(await admin.listTopics()).includes(name)) {
    const list = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    await create(admin, { topics: [name], partitions, replicas: 1, configs: list });
    return;
  }
  const { topics } = await admin.metadata({ topics: [name], forceUpdate: true });
  const there = topics.get(name)!.partitionsCount;
  if (there > partitions) throw new PartitionCountError(name, there, partitions);
  if (there < partitions) {
    const assignments = Array.from({ length: partitions - there }, () => ({ brokerIds: [NODE_ID] }));
    await admin.createPartitions({ topics: [{ name, count: partitions, assignments }] });
  }
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: name };
  const [described] = await admin.describeConfigs({ resources: [{ ...resource, configurationKeys: null }] });
  const present = new Map(
    described!.configs
      .filter(({ configSource }) => configSource === DYNAMIC_TOPIC_CONFIG)
      .map((config) => [config.name, config.value]),
  );
  const changes = [
    ...Object.entries(configs)
      .filter(([key, value]) => present.get(key) !== value)
      .map(([key, value]) => ({ name: key, configOperation: Change.SET, value })),
    ...[...present.keys()]
      .filter((key) => !(key in configs))
      .map((key) => ({ name: key, configOperation: Change.DELETE, value: null })),
  ];
  if (changes.length > 0) await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs: changes }] });
}

const CREATE_TRIES = 50;
const CREATE_PAUSE_MS = 200;

/** A broker that has just started takes requests before the controller counts it as one that can hold a replica. */
async function create(admin: Admin, topic: CreateTopicsOptions): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await admin.createTopics(topic);
      return;
    } catch (error) {
      if (tries === CREATE_TRIES || !saysTooFewBrokers(error)) throw error;
      await sleep(CREATE_PAUSE_MS);
    }
  }
}

const saysTooFewBrokers = (error: unknown): boolean =>
  error instanceof Error &&
  (('apiId' in error && error.apiId === 'INVALID_REPLICATION_FACTOR') ||
    (error instanceof AggregateError && error.errors.some(saysTooFewBrokers)));

/** Records of the topics that the group has not read yet; those of a partition without a committed offset count whole. */
export async function lagOf(admin: Admin, group: string, topics: readonly string[]): Promise<bigint> {
  const { topics: described } = await admin.metadata({ topics: [...topics], forceUpdate: true });
  const ends = await listed(admin, described, -1n);
  const starts = await listed(admin, described, -2n);
  const [found] = await admin.listConsumerGroupOffsets({ groups: [group] }).catch(() => []);
  const committed = new Map<string, bigint>(
    (found?.topics ?? []).flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset }) => [`${name}-${partitionIndex}`, committedOffset] as const),
    ),
  );
  let lag = 0n;
  for (const [partition, end] of ends) {
    const at = committed.get(partition) ?? -1n;
    const start = starts.get(partition) ?? 0n;
    lag += end - (at > start ? at : start);
  }
  return lag;
}

async function listed(
  admin: Admin,
  topics: ReadonlyMap<string, { readonly partitionsCount: number }>,
  timestamp: bigint,
): Promise<Map<string, bigint>> {
  const answer = await admin.listOffsets({
    topics: [...topics].map(([name, { partitionsCount }]) => ({
      name,
      partitions: Array.from({ length: partitionsCount }, (_, partitionIndex) => ({ partitionIndex, timestamp })),
    })),
  });
  return new Map(
    answer.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => [`${name}-${partitionIndex}`, offset] as const),
    ),
  );
}
