import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import type { Caller } from '../access/caller.ts';
import type { CallRecorder } from '../access/recorder.ts';
import { PortTakenError } from '../door/ports.ts';
import type { Faults } from '../faults/faults.ts';
import type { ApiKeys } from '../services/apigateway/api-keys.ts';
import type { FrontDoor } from '../services/service.ts';
import type { Services } from '../services.ts';
import type { Assembly } from '../template/assembly.ts';
import type { Target } from '../template/scope.ts';
import type { Deployment } from '../template/state.ts';
import { alarmRoutes } from './alarms.ts';
import { answerRoutes } from './answers.ts';
import { BatchRuns } from './batch.ts';
import { dashboardRoutes } from './dashboards/dashboards.ts';
import { type Engines, engineRoutes } from './engines.ts';
import { faultRoutes } from './faults.ts';
import type { Route } from './http.ts';
import { alarmPlaces } from './live/alarm-places.ts';
import { topicsBehind } from './live/edge-metrics.ts';
import { groupsOfTopics } from './live/groups.ts';
import { Live } from './live/live.ts';
import { TakenCounts } from './live/taken-counts.ts';
import { type Counted, countedFrom, Totals } from './live/totals.ts';
import { Posts } from './posts.ts';
import { quarantineRoutes } from './quarantine.ts';
import { queryRoutes } from './query.ts';
import { type Call, recordReaders } from './records.ts';
import { resourceRoutes } from './resources.ts';
import { ConsoleServer } from './server.ts';
import type { ConsoleTools } from './tools.ts';
import { PipelineTopology } from './topology/topology.ts';

export interface ConsoleOptions {
  /** The folder of the page. */
  readonly page: string;
  /** The folder of the runbook articles. */
  readonly runbooks: string;
  /** 0 takes any free port. @default - 8001, or any free one where that is taken */
  readonly port?: number;
  /** Made once the stacks are deployed. */
  readonly tools: (running: RunningDeployment) => ConsoleTools & { close(): void };
}

export interface RunningDeployment {
  readonly endpoint: string;
  readonly apiUrl: string;
  readonly stacks: Deployment;
  readonly apiKeys: Pick<ApiKeys, 'find'>;
}

export interface ConsoleParts {
  readonly assembly: Assembly;
  readonly stacks: Deployment;
  readonly target: Target;
  readonly stateDir: string;
  readonly endpoint: string;
  readonly frontDoor: FrontDoor;
  readonly administrator: Caller;
  readonly calls: CallRecorder;
  readonly faults: Faults;
  readonly services: Pick<
    Services,
    | 'apiGateway'
    | 'cloudWatch'
    | 'kafka'
    | 'kafkaConnect'
    | 'kinesis'
    | 'lambda'
    | 'logs'
    | 'mappings'
    | 'ministack'
    | 'queryEngine'
  >;
  readonly fault: (error: unknown, what: string) => void;
}

export interface RunningConsole {
  readonly url: string;
  close(): Promise<void>;
}

const PORT = 8001;
const SETTLE_EVERY_MS = 600_000;

/** Opens the console of a deployment that runs. @throws PortTakenError */
export async function openConsole(options: ConsoleOptions, parts: ConsoleParts): Promise<RunningConsole> {
  const { assembly, stacks, target, stateDir, endpoint, frontDoor, administrator, calls, faults, services, fault } =
    parts;
  const { apiGateway, cloudWatch, kafka, kinesis, lambda, logs, mappings } = services;
  const since = Date.now();
  const tools = options.tools({ endpoint, apiUrl: apiGateway.url, stacks, apiKeys: apiGateway.apiKeys });
  const pipeline = new PipelineTopology(assembly, stacks, target);
  const posts = new Posts(tools);
  const batch = new BatchRuns(tools);
  const call: Call = (service, operation, input) => frontDoor.call(administrator, service, operation, input);
  const credentials = { accessKeyId: administrator.accessKeyId, secretAccessKey: administrator.secretAccessKey };
  const s3 = new S3Client({ endpoint, region: target.region, credentials, forcePathStyle: true });
  const taken = new TakenCounts(countedFrom(since));
  mappings.onTaken((records) => taken.see(records, Date.now()));
  const declared = await tools.totals();
  const totals = new Totals(cloudWatch, countedOf(pipeline, taken), { totals: declared, since });
  // CloudWatch does not keep the seconds for as long as no page may look.
  const settling = setInterval(() => totals.values(Date.now()), SETTLE_EVERY_MS).unref();
  const live = new Live({ metrics: cloudWatch, calls, taken }, pipeline, (now) => ({
    since,
    totals: totals.values(now),
    emulation: posts.emulation ?? null,
    batch: batch.state ?? null,
    alarms: cloudWatch.alarms().filter(({ state }) => state.value === 'ALARM').length,
    alarmsAt: alarmPlaces(pipeline.topology, cloudWatch.alarms(), cloudWatch, now),
  }));
  const routes: Route[] = [
    ...resourceRoutes(
      pipeline,
      logs.store,
      recordReaders({ call, calls, s3, kinesis, bootstrapServers: () => kafka.bootstrapServers }),
    ),
    live.route(),
    {
      method: 'GET',
      path: '/api/totals',
      handle: () => ({ totals: declared.map(({ name, title }) => ({ name, title })) }),
    },
    ...batch.routes(),
    ...answerRoutes(tools),
    ...posts.routes(),
    ...quarantineRoutes(tools),
    ...queryRoutes((operation, input) => call('athena', operation, input)),
    ...dashboardRoutes({ cloudWatch, functions: lambda, logs: logs.store, since }),
    ...alarmRoutes(cloudWatch, options.runbooks),
    ...engineRoutes(enginesOf(services)),
    ...faultRoutes(faults),
  ];
  const server = await listening(
    options.port,
    (port) => new ConsoleServer({ directory: options.page, port, routes, fault }),
  );
  writeAccess(stateDir, { url: server.url, token: server.token });
  return {
    url: server.url,
    close: async () => {
      clearInterval(settling);
      posts.close();
      batch.close();
      await server.close();
      tools.close();
      s3.destroy();
    },
  };
}

/** Streams are told from topics by what the templates have. */
function countedOf(pipeline: PipelineTopology, taken: TakenCounts): Counted {
  const namesOf = (type: string) =>
    pipeline.topology.nodes
      .filter((node) => node.type === type)
      .flatMap(({ members }) => members.map(({ name }) => name));
  const sources = { streams: namesOf('AWS::Kinesis::Stream'), topics: namesOf('AWS::MSK::Topic') };
  const groups = groupsOfTopics(pipeline.resources);
  const { cluster = '' } = pipeline;
  return {
    taken: (functionName, from) =>
      taken.total(
        sources[from].map((source) => ({ functionName, source })),
        from === 'streams' ? 'fresh' : 'all',
      ),
    behind: (who) =>
      topicsBehind(
        groups.filter(({ reader }) => (reader.type === 'AWS::Lambda::Function') === (who === 'functions')),
        cluster,
      ),
  };
}

/** @throws PortTakenError for a port that was asked for */
async function listening(port: number | undefined, make: (port: number) => ConsoleServer): Promise<ConsoleServer> {
  const server = make(port ?? PORT);
  try {
    await server.listen();
    return server;
  } catch (error) {
    if (port !== undefined || !(error instanceof PortTakenError)) throw error;
    return listening(0, make);
  }
}

function enginesOf({ kafka, kafkaConnect, ministack, queryEngine }: ConsoleParts['services']): Engines {
  return async () => ({
    ministack: [ministack.process],
    kafka: kafka.hasCluster ? [(await kafka.engine()).process] : [],
    connect: kafkaConnect.workers().map((worker) => worker.process),
    trino: queryEngine.trino === undefined ? [] : [queryEngine.trino.process],
  });
}

/** For commands of the same user: who may read the state may change it. */
function writeAccess(stateDir: string, access: { readonly url: string; readonly token: string }): void {
  const file = join(stateDir, 'console.json');
  mkdirSync(stateDir, { recursive: true });
  // A file that is there keeps its mode.
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify(access)}\n`, { mode: 0o600 });
}
