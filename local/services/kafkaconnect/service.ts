import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Caller, Identities } from '../../access/caller.ts';
import { sendJson } from '../../door/answers.ts';
import { ConnectWorker, tokenSecurity, type WorkerNames } from '../../engines/connect.ts';
import type { JavaInstallation } from '../../engines/jvm.ts';
import type { KafkaService } from '../kafka/service.ts';
import type { LogsService } from '../logs/service.ts';
import { type FrontDoor, type HttpService, type JsonObject, ServiceError } from '../service.ts';
import { unpackPlugin } from './plugins.ts';

export interface KafkaConnectOptions {
  readonly account: string;
  readonly region: string;
  readonly installation: JavaInstallation;
  /** The Python interpreter that unpacks plugins. */
  readonly python: string;
  readonly stateDir: string;
  /** Of the AWS services that connectors call. */
  readonly endpoint: string;
  readonly kafka: KafkaService;
  readonly identities: Identities;
  readonly frontDoor: Pick<FrontDoor, 'authorize'>;
  readonly logs: Pick<LogsService, 'write'>;
  readonly log: (line: string) => void;
}

export interface ConnectorDefinition {
  readonly name: string;
  readonly configuration: Readonly<Record<string, string>>;
  /** The properties of the worker. */
  readonly worker: Readonly<Record<string, string>>;
  /** The ZIP files of the plugins. */
  readonly plugins: readonly string[];
  readonly roleArn: string;
  /** Where the worker's log goes. @default - to a file only */
  readonly logGroup?: string;
}

interface Connector {
  readonly definition: ConnectorDefinition;
  readonly caller: Caller;
  worker: ConnectWorker | undefined;
}

const SERVICE_PRINCIPAL = 'kafkaconnect.amazonaws.com';

/**
 * MSK Connect: a worker for each connector, which has the credentials of the connector's role.
 * https://docs.aws.amazon.com/MSKC/latest/mskc/Welcome.html
 */
export class KafkaConnectService implements HttpService {
  readonly name = 'kafkaconnect';
  readonly errors = 'json';
  readonly #options: KafkaConnectOptions;
  readonly #connectors = new Map<string, Connector>();

  constructor(options: KafkaConnectOptions) {
    this.#options = options;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connectors.values()].map(({ worker }) => worker?.stop()));
  }

  /** A stable ARN, of a `connector`, `custom-plugin` or `worker-configuration`. */
  arn(kind: string, name: string): string {
    const { account, region } = this.#options;
    const digest = createHash('sha256').update(`${kind}/${name}`).digest('hex');
    const uuid = digest.slice(0, 32).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    return `arn:aws:kafkaconnect:${region}:${account}:${kind}/${name}/${uuid}-1`;
  }

  /** The worker is started by `start`, once every policy is there. @throws ServiceError when the role does not trust it */
  define(definition: ConnectorDefinition): void {
    const caller = this.#options.identities.assume(definition.roleArn, SERVICE_PRINCIPAL);
    this.#connectors.set(definition.name, { definition, caller, worker: undefined });
    const { group, configTopic, offsetTopic, statusTopic } = workerNames(definition.name);
    this.#options.kafka.addNames([configTopic, offsetTopic, statusTopic], [group, `connect-${definition.name}`]);
  }

  async remove(name: string): Promise<void> {
    const connector = this.#connectors.get(name);
    this.#connectors.delete(name);
    await connector?.worker?.stop();
  }

  /** Starts every connector that is defined. @throws EngineError, ConnectError */
  async start(): Promise<void> {
    await Promise.all([...this.#connectors.values()].map((connector) => this.#start(connector)));
  }

  /** Of every connector that has one. */
  workers(): ConnectWorker[] {
    return [...this.#connectors.values()].flatMap(({ worker }) => worker ?? []);
  }

  /** The worker of a connector; undefined when it has none. */
  worker(name: string): ConnectWorker | undefined {
    return this.#connectors.get(name)?.worker;
  }

  async #start(connector: Connector): Promise<void> {
    const { installation, python, stateDir, endpoint, region, kafka, logs, log } = this.#options;
    const { name, configuration, worker: settings, plugins, logGroup } = connector.definition;
    const unpacked = plugins.map((zip) => unpackPlugin(zip, join(stateDir, 'connect', 'plugins'), python));
    connector.worker = await ConnectWorker.start({
      installation,
      stateDir,
      name,
      bootstrapServers: kafka.bootstrapServers,
      names: workerNames(name),
      settings,
      security: tokenSecurity(connector.caller.arn),
      pluginPath: await Promise.all(unpacked),
      environment: {
        AWS_ACCESS_KEY_ID: connector.caller.accessKeyId,
        AWS_SECRET_ACCESS_KEY: connector.caller.secretAccessKey,
        AWS_REGION: region,
        AWS_ENDPOINT_URL: endpoint,
      },
      log,
      ...(logGroup !== undefined && { output: (line: string) => logs.write(logGroup, `${name}-1`, line) }),
    });
    await connector.worker.putConnector(name, { name, ...configuration });
  }

  /** https://docs.aws.amazon.com/MSKC/latest/mskc/API_Operations.html */
  async handle(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://kafkaconnect');
    const requestId = String(request.headers['amz-sdk-invocation-id'] ?? '');
    const { frontDoor } = this.#options;
    if (request.method === 'GET' && pathname === '/v1/connectors') {
      frontDoor.authorize(caller, { action: 'kafkaconnect:ListConnectors', resource: '*' });
      const connectors = await Promise.all([...this.#connectors.values()].map((one) => this.#describe(one)));
      return sendJson(response, 200, { connectors }, requestId);
    }
    const arn = /^\/v1\/connectors\/([^/]+)$/.exec(pathname)?.[1];
    if (request.method === 'GET' && arn !== undefined) {
      const wanted = decodeURIComponent(arn);
      frontDoor.authorize(caller, { action: 'kafkaconnect:DescribeConnector', resource: wanted });
      const found = [...this.#connectors.values()].find(
        ({ definition }) => this.arn('connector', definition.name) === wanted,
      );
      if (found === undefined) throw new ServiceError('NotFoundException', `There is no connector ${wanted}.`, 404);
      return sendJson(response, 200, await this.#describe(found), requestId);
    }
    throw new ServiceError(
      'UnknownOperationException',
      `The local MSK Connect does not have the operation ${request.method} ${pathname}.`,
      404,
    );
  }

  async #describe({ definition, worker }: Connector): Promise<JsonObject> {
    const { name, configuration, roleArn } = definition;
    const status = await worker?.status(name).catch(() => undefined);
    const failed =
      worker?.process.running === false ||
      status?.connector.state === 'FAILED' ||
      status?.tasks.some(({ state }) => state === 'FAILED');
    return {
      connectorArn: this.arn('connector', name),
      connectorName: name,
      connectorState: failed ? 'FAILED' : status === undefined ? 'CREATING' : 'RUNNING',
      connectorConfiguration: configuration,
      kafkaCluster: { apacheKafkaCluster: { bootstrapServers: this.#options.kafka.bootstrapServers } },
      serviceExecutionRoleArn: roleArn,
    };
  }
}

/** As MSK Connect names them, without the ids at their end. */
function workerNames(connector: string): WorkerNames {
  const named = (what: string) => `__amazon_msk_connect_${what}_${connector}`;
  return {
    group: named('group'),
    configTopic: named('configs'),
    offsetTopic: named('offsets'),
    statusTopic: named('status'),
  };
}
