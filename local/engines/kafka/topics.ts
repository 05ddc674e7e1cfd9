import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Admin,
  IncrementalAlterConfigOperationTypes as Change,
  ConfigResourceTypes,
  type CreateTopicsOptions,
} from '@platformatic/kafka';
import { untilApplied } from './until-applied.ts';

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

/** Creates the topic, or brings an existing one to this definition. The broker knows its partitions when this returns. */
export async function putTopic(admin: Admin, { name, partitions, ...topic }: TopicDefinition): Promise<void> {
  // With one node there is one replica, whatever the template says.
  const configs =
    'min.insync.replicas' in topic.configs ? { ...topic.configs, 'min.insync.replicas': '1' } : topic.configs;
  const there = await partitionsOf(admin, name);
  if (there === undefined) {
    const list = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    await create(admin, { topics: [name], partitions, replicas: 1, configs: list });
  } else {
    if (there > partitions) throw new PartitionCountError(name, there, partitions);
    if (there < partitions) {
      const assignments = Array.from({ length: partitions - there }, () => ({ brokerIds: [NODE_ID] }));
      await admin.createPartitions({ topics: [{ name, count: partitions, assignments }] });
    }
    await putConfigs(admin, name, configs);
  }
  if (there === partitions) return;
  const isKnown = async () => (await partitionsOf(admin, name)) === partitions;
  await untilApplied(isKnown, `the ${partitions} partitions of ${name}`);
}

/** What the broker knows; undefined where it does not know the topic. */
async function partitionsOf(admin: Admin, name: string): Promise<number | undefined> {
  if (!(await admin.listTopics()).includes(name)) return undefined;
  const { topics } = await admin.metadata({ topics: [name], forceUpdate: true });
  return topics.get(name)!.partitionsCount;
}

async function putConfigs(admin: Admin, name: string, configs: TopicDefinition['configs']): Promise<void> {
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
