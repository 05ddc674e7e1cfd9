import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../access/caller.ts';
import type { RoleDirectory } from '../../access/identities.ts';
import { sendJson } from '../../door/answers.ts';
import { freePort } from '../../engines/free-port.ts';
import type { JavaInstallation } from '../../engines/jvm.ts';
import { type KafkaGrant, setPermissions } from '../../engines/kafka/permissions.ts';
import { putTopic, type TopicDefinition } from '../../engines/kafka/topics.ts';
import { Kafka } from '../../engines/kafka.ts';
import type { LogsService } from '../logs/service.ts';
import { type FrontDoor, type HttpService, type JsonObject, ServiceError } from '../service.ts';
import { grantsOf } from './grants.ts';

export interface KafkaServiceOptions {
  readonly account: string;
  readonly region: string;
  readonly stateDir: string;
  /** Of the broker, which is started when there is a cluster. */
  readonly installation: JavaInstallation;
  readonly identities: RoleDirectory;
  readonly frontDoor: Pick<FrontDoor, 'authorize'>;
  readonly logs: Pick<LogsService, 'write'>;
  readonly log: (line: string) => void;
}

export interface ClusterDefinition {
  readonly name: string;
  readonly kafkaVersion: string;
  readonly brokers: number;
  readonly instanceType: string;
  /** Of its configuration, such as `log.retention.hours`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Where the broker's log goes. @default - to a file only */
  readonly logGroup?: string;
}

interface Operation {
  readonly path: RegExp;
  readonly name: string;
}

const OPERATIONS: readonly Operation[] = [
  { path: /^\/v1\/clusters\/([^/]+)\/bootstrap-brokers$/, name: 'GetBootstrapBrokers' },
  { path: /^\/v1\/clusters\/([^/]+)$/, name: 'DescribeCluster' },
  { path: /^\/api\/v2\/clusters\/([^/]+)$/, name: 'DescribeClusterV2' },
  { path: /^\/v1\/clusters$/, name: 'ListClusters' },
  { path: /^\/api\/v2\/clusters$/, name: 'ListClustersV2' },
];

/**
 * Amazon MSK: the control API, and the topics and permissions of the one broker there is here.
 * https://docs.aws.amazon.com/msk/1.0/apireference/what-is-msk.html
 */
export class KafkaService implements HttpService {
  readonly name = 'kafka';
  readonly errors = 'json';
  readonly #options: KafkaServiceOptions;
  readonly #topics = new Set<string>();
  readonly #groups = new Set<string>();
  #cluster: ClusterDefinition | undefined;
  #engine: Promise<Kafka> | undefined;
  #bootstrapServers = '';

  constructor(options: KafkaServiceOptions) {
    this.#options = options;
  }

  /** `127.0.0.1:<port>`; empty when no template has a cluster. */
  get bootstrapServers(): string {
    return this.#bootstrapServers;
  }

  /** Resolves when it answers. @throws EngineError, JavaMissingError */
  engine(): Promise<Kafka> {
    return this.#engine ?? Promise.reject(new Error('No template has an MSK cluster.'));
  }

  get hasCluster(): boolean {
    return this.#cluster !== undefined;
  }

  async close(): Promise<void> {
    await (await this.#engine?.catch(() => undefined))?.stop();
  }

  /**
   * Starts the broker in the background.
   * @returns the cluster's ARN
   * @throws Error for a second cluster: there is one broker here
   */
  async putCluster(cluster: ClusterDefinition): Promise<string> {
    if (this.#cluster !== undefined) {
      throw new Error(`${cluster.name}: the local runtime has one cluster, and that is ${this.#cluster.name}`);
    }
    this.#cluster = cluster;
    const { installation, stateDir, logs, log } = this.#options;
    const { settings, name, logGroup } = cluster;
    const port = await freePort();
    this.#bootstrapServers = `127.0.0.1:${port}`;
    const output = logGroup !== undefined && {
      output: (line: string) => logs.write(logGroup, `${name}-Broker-1`, line),
    };
    this.#engine = Kafka.start({ installation, stateDir, settings, port, log, ...output });
    // Whoever waits for it is told.
    this.#engine.catch(() => {});
    return this.arn('cluster');
  }

  /**
   * The ARN of the cluster, or of one of its topics or groups.
   * https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
   */
  arn(kind: 'cluster' | 'topic' | 'group', name?: string): string {
    const { account, region } = this.#options;
    const cluster = this.#cluster?.name ?? '';
    const digest = createHash('sha256').update(cluster).digest('hex');
    const uuid = digest.slice(0, 32).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    return `arn:aws:kafka:${region}:${account}:${kind}/${cluster}/${uuid}-1${name === undefined ? '' : `/${name}`}`;
  }

  /** Creates the topic, or brings an existing one to this definition. @throws PartitionCountError */
  async putTopic(topic: TopicDefinition): Promise<string> {
    this.#topics.add(topic.name);
    await (await this.engine()).administer((admin) => putTopic(admin, topic));
    return this.arn('topic', topic.name);
  }

  /** Names that roles may be granted without a resource of their own: state topics and groups of workers. */
  addNames(topics: readonly string[], groups: readonly string[]): void {
    for (const topic of topics) this.#topics.add(topic);
    for (const group of groups) this.#groups.add(group);
  }

  /** Gives each role what its policies allow, and nothing else. To be called when policies or names have changed. */
  async applyPermissions(): Promise<void> {
    if (this.#cluster === undefined) return;
    const { account, identities } = this.#options;
    const grants: KafkaGrant[] = [];
    for (const caller of identities.roles()) {
      grants.push(
        ...grantsOf(caller, identities.policiesOf(caller), {
          account,
          topics: this.#topics,
          groups: this.#groups,
          arn: (kind, name) => this.arn(kind, name),
        }),
      );
    }
    await (await this.engine()).administer((admin) => setPermissions(admin, grants));
  }

  async handle(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://kafka');
    for (const { path, name } of OPERATIONS) {
      const found = request.method === 'GET' ? path.exec(pathname) : null;
      if (found === null) continue;
      const arn = found[1];
      const input = arn === undefined ? {} : { ClusterArn: decodeURIComponent(arn) };
      sendJson(response, 200, this.call(caller, name, input), String(request.headers['amz-sdk-invocation-id'] ?? ''));
      return;
    }
    throw unknownOperation(`${request.method} ${pathname}`);
  }

  /** An operation without the wire. Members of the answer are spelled as on the wire. @throws ServiceError */
  call(caller: Caller, operation: string, input: JsonObject): JsonObject {
    const list = operation.startsWith('ListClusters');
    const resource = list ? '*' : String(input['ClusterArn']);
    this.#options.frontDoor.authorize(caller, { action: `kafka:${operation}`, resource });
    if (!list && (this.#cluster === undefined || resource !== this.arn('cluster'))) {
      throw new ServiceError('NotFoundException', `There is no cluster ${resource}.`, 404);
    }
    switch (operation) {
      case 'GetBootstrapBrokers':
        return { bootstrapBrokerStringSaslIam: this.bootstrapServers };
      case 'DescribeCluster':
        return { clusterInfo: this.#describe() };
      case 'DescribeClusterV2':
        return { clusterInfo: this.#describeV2() };
      case 'ListClusters':
        return { clusterInfoList: this.#cluster === undefined ? [] : [this.#describe()] };
      case 'ListClustersV2':
        return { clusterInfoList: this.#cluster === undefined ? [] : [this.#describeV2()] };
      default:
        throw unknownOperation(operation);
    }
  }

  #describe(): JsonObject {
    const { name, kafkaVersion, brokers, instanceType } = this.#cluster!;
    return {
      clusterArn: this.arn('cluster'),
      clusterName: name,
      state: 'ACTIVE',
      currentBrokerSoftwareInfo: { kafkaVersion },
      numberOfBrokerNodes: brokers,
      brokerNodeGroupInfo: { instanceType },
    };
  }

  #describeV2(): JsonObject {
    const { clusterArn, clusterName, state, ...provisioned } = this.#describe();
    return { clusterArn, clusterName, state, clusterType: 'PROVISIONED', provisioned };
  }
}

const unknownOperation = (operation: string): ServiceError =>
  new ServiceError('UnknownOperationException', `The local MSK does not have the operation ${operation}.`, 404);
