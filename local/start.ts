import { join } from 'node:path';
import { Authorizer } from './access/authorizer.ts';
import type { Caller } from './access/caller.ts';
import { RoleDirectory } from './access/identities.ts';
import { CallRecorder } from './access/recorder.ts';
import { writeAddresses } from './addresses.ts';
import { Closing } from './closing.ts';
import { type ConsoleOptions, openConsole } from './console/console.ts';
import { namingOwner } from './door/ports.ts';
import type { JavaInstallation } from './engines/jvm.ts';
import type { SparkInstallation } from './engines/spark.ts';
import type { TrinoInstallation } from './engines/trino/program.ts';
import { Faults } from './faults/faults.ts';
import { HttpFrontDoor } from './front-door.ts';
import { writeProfile } from './profile.ts';
import { resourceTypes } from './resources/index.ts';
import type { ApiKeys } from './services/apigateway/api-keys.ts';
import { openApiOf } from './services/apigateway/openapi.ts';
import { CloudFormationService } from './services/cloudformation/cloudformation.ts';
import type { CloudWatch } from './services/cloudwatch/types.ts';
import type { Scheduler } from './services/scheduler/service.ts';
import type { FrontDoor } from './services/service.ts';
import { openServices } from './services.ts';
import { StateLock } from './state-lock.ts';
import { readAssembly } from './template/assembly.ts';
import { deploy } from './template/deploy.ts';
import { type Deployment, DeploymentFile } from './template/state.ts';

export interface RuntimeOptions {
  /** The cloud assembly: the folder that `cdk synth` wrote. */
  readonly assembly: string;
  /** Where streams, tables, objects and logs are kept between starts. */
  readonly stateDir: string;
  /** The Python interpreter of the environment that has the S3 engine. */
  readonly python: string;
  /**
   * What set-up has fetched for Kafka and Connect, which start when the templates have a cluster and a connector.
   * @default - there is none, and such templates are refused
   */
  readonly kafka?: JavaInstallation;
  /** What set-up has fetched for the jobs of Glue. @default - there is none, and their runs fail */
  readonly spark?: SparkInstallation;
  /**
   * What set-up has fetched for the query engine, which starts when the templates have an Athena workgroup.
   * @default - there is none, and queries fail
   */
  readonly trino?: TrinoInstallation;
  /** Of the AWS services' front door. 0 takes any free port. @default 4566 */
  readonly port?: number;
  /** Of API Gateway. 0 takes any free port. @default 8000 */
  readonly apiPort?: number;
  /** Ends the start after the part of it that is under way; what was opened is closed. @default - it is not ended */
  readonly stop?: AbortSignal;
  /** The page that shows it. @default - there is none */
  readonly console?: ConsoleOptions;
  /** Told in one line what a person should know: refused calls, faults, resources kept. @default - nothing is told */
  readonly log?: (line: string) => void;
}

/** How long one part of the start took, in milliseconds. */
export interface Timing {
  readonly name: string;
  readonly ms: number;
}

/** The deployed assembly, running. */
export interface Runtime {
  /** Of every AWS service: `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** Of API Gateway, without a stage: `http://127.0.0.1:8000`. */
  readonly apiUrl: string;
  /** Of the page that shows it, where there is one: `http://127.0.0.1:8001`. */
  readonly consoleUrl?: string;
  /** The configuration file of AWS clients that has the profile `pinflow`. */
  readonly awsConfig: string;
  readonly account: string;
  readonly region: string;
  /** Stack name -> what is deployed of it, with its outputs. */
  readonly stacks: Deployment;
  /** The parts of the start that took time; engines start side by side. */
  readonly timings: readonly Timing[];
  /** Values of the API keys that the templates declare. */
  readonly apiKeys: Pick<ApiKeys, 'find'>;
  /** Calls to services without the wire, as the administrator for one. */
  readonly frontDoor: FrontDoor;
  readonly administrator: Caller;
  /** What is fired by the clock can be fired by hand. */
  readonly scheduler: Pick<Scheduler, 'runNow'>;
  /** Metrics, alarms and dashboards. */
  readonly cloudWatch: CloudWatch;
  /** What only AWS causes by itself can be caused by hand. */
  readonly faults: Faults;
  /** Who called what, and what access control said. */
  readonly calls: CallRecorder;
  /** Stops everything, in order, each step within a limit. Leaves no process behind. */
  stop(): Promise<void>;
}

const TARGET = { account: '000000000000', region: 'us-east-1' } as const;
/** Longer than invocations under way are waited for. */
const STOP_LIMIT_MS = 15_000;

/**
 * Runs a cloud assembly on this machine: opens the engines, deploys every stack, then lets traffic in.
 * @throws AssemblyError, DeployError, TemplateError, PortTakenError, StateInUseError: each says what to do; the reason of `stop`
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { assembly: directory, stateDir, port = 4566, apiPort = 8000, stop, log = () => {} } = options;
  const timings: Timing[] = [];
  const timed = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    stop?.throwIfAborted();
    const start = performance.now();
    const result = await work();
    const ms = Math.round(performance.now() - start);
    if (ms > 1) timings.push({ name, ms });
    return result;
  };
  const closing = new Closing({ limit: STOP_LIMIT_MS, failed: log });
  try {
    const assembly = await timed('read templates', () => readAssembly(directory));
    const lock = await StateLock.take(stateDir);
    closing.add('the lock', () => lock.release());

    let stacks: Deployment = {};
    let ready = false;
    const identities = new RoleDirectory(TARGET.account);
    const calls = new CallRecorder({ file: join(stateDir, 'calls.jsonl') });
    closing.add('the record of calls', () => calls.flush());
    const authorizer = new Authorizer({
      account: TARGET.account,
      identities,
      recorder: calls,
      refused: (message) => log(`AccessDenied: ${message}`),
    });
    const faults = new Faults(log);
    closing.add('faults', () => faults.close());
    const frontDoor = new HttpFrontDoor({
      identities,
      authorizer,
      faults,
      health: () => ({ ready, pid: process.pid, stateDirectory: stateDir, stacks: Object.keys(stacks) }),
      fault: (error, operation) => log(`${operation} failed: ${(error as Error).stack ?? error}`),
    });
    const { services, endpoint } = await openServices({
      target: TARGET,
      stateDir,
      python: options.python,
      kafka: options.kafka,
      spark: options.spark,
      trino: options.trino,
      port,
      apiPort,
      identities,
      authorizer,
      frontDoor,
      faults,
      closing,
      log,
      timed,
    });
    frontDoor.addQuery(new CloudFormationService(() => stacks));
    stacks = await timed('deploy', () =>
      deploy({
        assembly,
        types: resourceTypes(services, TARGET, assembly),
        target: TARGET,
        file: new DeploymentFile(stateDir),
        notice: log,
      }),
    );
    const awsConfig = writeProfile({ stateDir, endpoint, region: TARGET.region });
    ready = true;
    const { apiGateway, kafka, kafkaConnect, mappings } = services;
    await timed('topic permissions', () => kafka.applyPermissions());
    await timed('connectors', () => kafkaConnect.start());
    await namingOwner({ port: apiPort, what: 'API Gateway', option: '--api-port' }, () => apiGateway.listen());
    writeAddresses(stateDir, { endpoint, api: apiGateway.url });
    apiGateway.describe((url) => openApiOf(assembly, url));
    await timed('read streams', () => mappings.start());
    services.cloudWatch.start();
    services.scheduler.start();
    stop?.throwIfAborted();
    const opened =
      options.console &&
      (await timed('console', () =>
        openConsole(options.console!, {
          assembly,
          stacks,
          target: TARGET,
          stateDir,
          endpoint,
          frontDoor,
          administrator: identities.administrator,
          calls,
          faults,
          services,
          fault: (error, what) => log(`Console, ${what}: ${(error as Error).stack ?? error}`),
        }),
      ));
    if (opened) closing.add('the console', () => opened.close());
    return {
      ...TARGET,
      ...(opened && { consoleUrl: opened.url }),
      endpoint,
      apiUrl: apiGateway.url,
      apiKeys: apiGateway.apiKeys,
      awsConfig,
      stacks,
      timings,
      frontDoor,
      administrator: identities.administrator,
      scheduler: services.scheduler,
      cloudWatch: services.cloudWatch,
      faults,
      calls,
      // Calls are answered until the door is closed: what is under way needs them to come to its end.
      stop: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
