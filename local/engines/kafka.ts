import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin, type AdminOptions } from '@platformatic/kafka';
import { Engine, startedProcess } from './engine.ts';
import { freePort } from './free-port.ts';
import { type JavaInstallation, javaArguments, propertiesText } from './jvm.ts';
import { listenToConnectionErrors } from './kafka/connection-errors.ts';
import { unsecuredToken } from './kafka/token.ts';
import type { EngineProcess } from './process.ts';

export interface KafkaOptions {
  readonly installation: JavaInstallation;
  /** The log of records goes to `<stateDir>/kafka`, the output and the process id to `<stateDir>/engines`. */
  readonly stateDir: string;
  /** Broker settings of the template, such as `log.retention.hours`; what one node on one machine needs wins over them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /** @default 256m */
  readonly heap?: string;
  readonly log: (line: string) => void;
  /** Told what it prints. @default - nobody is */
  readonly output?: (line: string) => void;
}

const READY_LIMIT_MS = 180_000;
/** A client that gives up while it is let in keeps a timer for an hour: better wait. */
const PROBE_LIMIT_MS = 20_000;
/** The principal that may everything: the runtime itself. */
export const SUPER_USER = 'pinflow';

const run = promisify(execFile);

/**
 * Apache Kafka in KRaft mode, one node that is broker and controller. Its clients come with SASL/OAUTHBEARER, as those of
 * MSK with IAM do, and a token that says who they are; what that one may do is decided by ACLs.
 */
export class Kafka extends Engine {
  /** `127.0.0.1:<port>`, with SASL_PLAINTEXT. */
  readonly bootstrapServers: string;

  private constructor(engine: EngineProcess, bootstrapServers: string) {
    super(engine);
    this.bootstrapServers = bootstrapServers;
  }

  /** @throws JavaMissingError, EngineError */
  static async start(options: KafkaOptions): Promise<Kafka> {
    const { installation, stateDir, heap = '256m', log } = options;
    const directory = join(stateDir, 'kafka');
    listenToConnectionErrors();
    mkdirSync(directory, { recursive: true });
    const port = options.port || (await freePort());
    const settings = join(directory, 'server.properties');
    const data = join(directory, 'data');
    writeFileSync(
      settings,
      propertiesText({ ...options.settings, ...nodeSettings({ port, controller: await freePort(), data }) }),
    );
    const systemProperties = { 'org.slf4j.simpleLogger.defaultLogLevel': 'warn' };
    const java = (mainClass: string, args: readonly string[], archive?: string) =>
      javaArguments(installation, {
        mainClass,
        heap,
        systemProperties,
        arguments: args,
        ...(archive === undefined ? {} : { archive }),
      });
    // Formatting writes this file last.
    if (!existsSync(join(data, 'meta.properties'))) {
      const id = randomBytes(16).toString('base64url');
      // An id may begin with a dash.
      const format = ['format', '--ignore-formatted', `--cluster-id=${id}`, '-c', settings];
      await run(installation.java, java('kafka.tools.StorageTool', format));
    }
    const bootstrapServers = `127.0.0.1:${port}`;
    const engine = await startedProcess({
      name: 'kafka',
      command: installation.java,
      args: java('kafka.Kafka', [settings], 'kafka'),
      environment: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' },
      directory: join(stateDir, 'engines'),
      probe: async () => (await listens(port)) && (await answers(bootstrapServers)),
      readyLimitMs: READY_LIMIT_MS,
      log,
      ...(options.output && { output: options.output }),
    });
    return new Kafka(engine, bootstrapServers);
  }

  /** Works as the super user once the broker answers. */
  async administer<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    await this.ready();
    return administer(this.bootstrapServers, {}, work);
  }
}

/** Of a node alone; with sessions so short that it is back in seconds after it was killed. */
function nodeSettings({ port, controller, data }: { port: number; controller: number; data: string }) {
  const login = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENT',
    'listener.security.protocol.map': 'CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms': 'OAUTHBEARER',
    'sasl.mechanism.inter.broker.protocol': 'OAUTHBEARER',
    'listener.name.client.sasl.enabled.mechanisms': 'OAUTHBEARER',
    'listener.name.client.oauthbearer.sasl.jaas.config': `${login} required unsecuredLoginStringClaim_sub="${SUPER_USER}";`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // Anonymous are only the node's own calls to its controller: clients cannot be.
    'super.users': `User:ANONYMOUS;User:${SUPER_USER}`,
    'log.dirs': data,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'num.replica.fetchers': 1,
    'background.threads': 2,
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 1_500,
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function answers(bootstrapServers: string): Promise<boolean> {
  const limits = {
    retries: false,
    connectTimeout: PROBE_LIMIT_MS,
    requestTimeout: PROBE_LIMIT_MS,
    timeout: PROBE_LIMIT_MS,
  };
  try {
    await administer(bootstrapServers, limits, (admin) => admin.listTopics());
    return true;
  } catch {
    return false;
  }
}

/** By a client of its own: one whose broker was killed keeps a timer for the life of its token, and the process with it. */
async function administer<T>(
  bootstrapServers: string,
  options: Partial<AdminOptions>,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = new Admin({
    ...options,
    clientId: 'pinflow',
    bootstrapBrokers: [bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: () => unsecuredToken(SUPER_USER) },
  });
  try {
    return await work(admin);
  } finally {
    await admin.close().catch(() => {});
  }
}
