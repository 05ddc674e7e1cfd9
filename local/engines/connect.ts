import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine, startedProcess } from './engine.ts';
import { freePort } from './free-port.ts';
import { type JavaInstallation, javaArguments, propertiesText } from './jvm.ts';
import type { EngineProcess } from './process.ts';

/** The topics and the group by which the workers of a connector coordinate. */
export interface WorkerNames {
  readonly group: string;
  readonly configTopic: string;
  readonly offsetTopic: string;
  readonly statusTopic: string;
}

export interface ConnectOptions {
  readonly installation: JavaInstallation;
  /** Settings go to `<stateDir>/connect/<name>`, the output and the process id to `<stateDir>/engines`. */
  readonly stateDir: string;
  /** Of the worker, such as the connector's name; a second worker of the same connector needs another one. */
  readonly name: string;
  readonly bootstrapServers: string;
  readonly names: WorkerNames;
  /** The worker configuration of the template; what one worker on one machine needs wins over it. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How it and its connectors' clients say to Kafka who they are, such as `sasl.mechanism`. */
  readonly security: Readonly<Record<string, string>>;
  /** Folders that have a folder with jars for each plugin. */
  readonly pluginPath: readonly string[];
  /** Added to the environment: what a connector's AWS SDK reads. */
  readonly environment: Readonly<Record<string, string>>;
  /** @default 256m */
  readonly heap?: string;
  readonly log: (line: string) => void;
  /** Told what it prints. @default - nobody is */
  readonly output?: (line: string) => void;
}

/** A worker refuses a call. */
export class ConnectError extends Error {
  readonly status: number;

  constructor(call: string, status: number, message: string) {
    super(`${call} is refused with ${status}: ${message || 'no reason; a class may be missing in the plugin'}`);
    this.name = 'ConnectError';
    this.status = status;
  }
}

/** As `GET /connectors/{name}/status` tells it. It can lag behind: what has arrived is told by the group's offsets alone. */
export interface ConnectorStatus {
  readonly connector: { readonly state: string; readonly trace?: string };
  readonly tasks: readonly { readonly id: number; readonly state: string; readonly trace?: string }[];
}

const READY_LIMIT_MS = 180_000;
/** Longer than the 90 s after which a worker itself gives a call up. */
const CALL_LIMIT_MS = 120_000;
const PROBE_LIMIT_MS = 10_000;

/** A distributed worker of Kafka Connect, as MSK Connect runs for a connector. */
export class ConnectWorker extends Engine {
  readonly url: string;

  private constructor(engine: EngineProcess, url: string) {
    super(engine);
    this.url = url;
  }

  /** @throws JavaMissingError, EngineError */
  static async start(options: ConnectOptions): Promise<ConnectWorker> {
    const { installation, stateDir, name, settings = {}, environment, heap = '256m', log } = options;
    const directory = join(stateDir, 'connect', name);
    mkdirSync(directory, { recursive: true });
    const port = await freePort();
    const file = join(directory, 'worker.properties');
    writeFileSync(file, propertiesText({ ...DEFAULTS, ...settings, ...workerSettings(options, port) }));
    const engine = await startedProcess({
      name: `connect-${name}`,
      command: installation.java,
      args: javaArguments(installation, {
        mainClass: 'org.apache.kafka.connect.cli.ConnectDistributed',
        heap,
        archive: 'connect',
        systemProperties: {
          'org.slf4j.simpleLogger.defaultLogLevel': 'warn',
          'org.slf4j.simpleLogger.showDateTime': 'true',
          'org.slf4j.simpleLogger.dateTimeFormat': "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        },
        arguments: [file],
      }),
      environment: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...environment },
      directory: join(stateDir, 'engines'),
      probe: () => answers(`http://127.0.0.1:${port}`),
      readyLimitMs: READY_LIMIT_MS,
      log,
      ...(options.output && { output: options.output }),
    });
    return new ConnectWorker(engine, `http://127.0.0.1:${port}`);
  }

  /** Creates the connector, or gives it this configuration. @throws ConnectError */
  async putConnector(name: string, configuration: Readonly<Record<string, string>>): Promise<void> {
    await this.#call('PUT', `/connectors/${encodeURIComponent(name)}/config`, configuration);
  }

  /** @throws ConnectError */
  async status(name: string): Promise<ConnectorStatus> {
    return (await this.#call('GET', `/connectors/${encodeURIComponent(name)}/status`)) as ConnectorStatus;
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    await this.ready();
    const deadline = performance.now() + CALL_LIMIT_MS;
    for (;;) {
      const response = await fetch(this.url + path, {
        method,
        signal: AbortSignal.timeout(CALL_LIMIT_MS),
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.ok) return text === '' ? undefined : JSON.parse(text);
      // While workers agree on who does what.
      const isPassing = response.status === 409 || (response.status === 500 && /timed out/i.test(text));
      if (!isPassing || performance.now() > deadline) {
        throw new ConnectError(`${method} ${path}`, response.status, text);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Of MSK Connect, where a template leaves them out. */
const DEFAULTS = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};

/** Of a worker on one machine; with sessions so short that a killed one's work goes on in seconds. */
function workerSettings({ bootstrapServers, names, security, pluginPath }: ConnectOptions, port: number) {
  const clients = ['', 'producer.', 'consumer.', 'admin.'];
  return {
    'bootstrap.servers': bootstrapServers,
    'group.id': names.group,
    'config.storage.topic': names.configTopic,
    'offset.storage.topic': names.offsetTopic,
    'status.storage.topic': names.statusTopic,
    'config.storage.replication.factor': 1,
    'offset.storage.replication.factor': 1,
    'status.storage.replication.factor': 1,
    'offset.storage.partitions': 1,
    'status.storage.partitions': 1,
    'offset.flush.interval.ms': 2_000,
    'offset.flush.timeout.ms': 5_000,
    listeners: `http://127.0.0.1:${port}`,
    'rest.advertised.host.name': '127.0.0.1',
    'rest.advertised.port': port,
    'plugin.path': pluginPath.join(','),
    'plugin.discovery': 'service_load',
    'scheduled.rebalance.max.delay.ms': 0,
    'connector.client.config.override.policy': 'All',
    'session.timeout.ms': 4_000,
    'heartbeat.interval.ms': 1_000,
    'rebalance.timeout.ms': 10_000,
    'consumer.session.timeout.ms': 4_000,
    'consumer.heartbeat.interval.ms': 1_000,
    ...Object.fromEntries(
      clients.flatMap((client) => Object.entries(security).map(([key, value]) => [client + key, value])),
    ),
  };
}

/** Of a client that tells Kafka its name by an unsigned token. */
export function tokenSecurity(subject: string): Readonly<Record<string, string>> {
  const login = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';
  return {
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': 'OAUTHBEARER',
    'sasl.jaas.config': `${login} required unsecuredLoginStringClaim_sub="${subject}";`,
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    // Answered only once the worker has joined its group.
    const response = await fetch(`${url}/connectors`, { signal: AbortSignal.timeout(PROBE_LIMIT_MS) });
    return response.ok;
  } catch {
    return false;
  }
}
