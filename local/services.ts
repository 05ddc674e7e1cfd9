import { join } from 'node:path';
import type { Authorizer } from './access/authorizer.ts';
import type { Caller } from './access/caller.ts';
import type { RoleDirectory } from './access/identities.ts';
import { parsePolicy } from './access/policy.ts';
import type { Closing } from './closing.ts';
import type { JavaInstallation } from './engines/jvm.ts';
import { MiniStack } from './engines/ministack.ts';
import type { SparkInstallation } from './engines/spark.ts';
import type { TrinoInstallation } from './engines/trino/program.ts';
import { TrinoOnDemand } from './engines/trino.ts';
import type { FaultSource } from './faults/faults.ts';
import type { HttpFrontDoor } from './front-door.ts';
import { type Orchestration, openOrchestration } from './orchestration.ts';
import { ApiGatewayControlPlane } from './services/apigateway/control-plane.ts';
import { ApiGatewayService } from './services/apigateway/service.ts';
import { AthenaService } from './services/athena/service.ts';
import { CloudWatchHttp } from './services/cloudwatch/http.ts';
import { CloudWatchService } from './services/cloudwatch/service.ts';
import { callMetrics } from './services/cloudwatch/sources/call-metrics.ts';
import { FaultZeros } from './services/cloudwatch/sources/fault-zeros.ts';
import { Samplers } from './services/cloudwatch/sources/samplers.ts';
import { DynamoDbService } from './services/dynamodb/service.ts';
import { GlueCatalog } from './services/glue/catalog.ts';
import { GlueService } from './services/glue/service.ts';
import { KafkaService } from './services/kafka/service.ts';
import { KafkaConnectService } from './services/kafkaconnect/service.ts';
import { KinesisService } from './services/kinesis/service.ts';
import { EventSourceMappings } from './services/lambda/event-sources/event-source-mappings.ts';
import { LambdaHttp } from './services/lambda/http.ts';
import { LambdaService } from './services/lambda/service.ts';
import { LogsService } from './services/logs/service.ts';
import { S3Service } from './services/s3/service.ts';
import { StsService } from './services/sts/sts.ts';
import type { Target } from './template/scope.ts';

/** What the resource types act on. */
export interface Services extends Orchestration {
  readonly apiGateway: ApiGatewayService;
  readonly athena: AthenaService;
  readonly authorizer: Authorizer;
  readonly catalog: GlueCatalog;
  readonly cloudWatch: CloudWatchService;
  readonly dynamodb: DynamoDbService;
  readonly identities: RoleDirectory;
  readonly kafka: KafkaService;
  readonly kafkaConnect: KafkaConnectService;
  readonly kinesis: KinesisService;
  readonly lambda: LambdaService;
  readonly logs: LogsService;
  readonly mappings: EventSourceMappings;
  /** Keeps the objects of S3. */
  readonly ministack: MiniStack;
  /** Runs Athena's queries. */
  readonly queryEngine: TrinoOnDemand;
  readonly s3: S3Service;
}

export interface ServicesOptions {
  readonly target: Target;
  readonly stateDir: string;
  readonly python: string;
  readonly kafka: JavaInstallation | undefined;
  readonly spark: SparkInstallation | undefined;
  readonly trino: TrinoInstallation | undefined;
  readonly port: number;
  readonly apiPort: number;
  readonly identities: RoleDirectory;
  readonly authorizer: Authorizer;
  readonly frontDoor: HttpFrontDoor;
  readonly faults: FaultSource;
  readonly closing: Closing;
  readonly log: (line: string) => void;
  timed<T>(name: string, work: () => T | Promise<T>): Promise<T>;
}

/** A stage writes all its access logs into one stream here. */
const ACCESS_LOG_STREAM = 'access';

/** Starts the engines, opens the front door and puts the services behind it. What was opened is in `closing`. */
export async function openServices(options: ServicesOptions): Promise<{ services: Services; endpoint: string }> {
  const { target, stateDir, python, port, apiPort, identities, authorizer, frontDoor, faults, closing, log, timed } =
    options;
  const open = async <T>(name: string, work: () => T | Promise<T>, close: (opened: T) => unknown): Promise<T> => {
    const opened = await timed(name, work);
    closing.add(name, () => close(opened));
    return opened;
  };
  const closed = (service: { close(): unknown }) => service.close();
  // Set once there is an S3 service; what the engine forgets when it dies, it is told again.
  let prepare = async (): Promise<void> => {};
  const cloudWatch = await open(
    'CloudWatch',
    () => {
      const publish = (topic: string, subject: string, message: string) =>
        orchestration.sns.notify(topic, subject, message);
      return new CloudWatchService({ ...target, stateDir, publish, log });
    },
    closed,
  );
  const metrics = new FaultZeros(cloudWatch);
  frontDoor.observe = callMetrics(metrics);
  const engines = [
    open(
      'MiniStack',
      () => MiniStack.start({ python, stateDir, region: target.region, prepared: () => prepare(), log }),
      (ministack) => ministack.stop(),
    ),
    open(
      'Kinesis',
      () => KinesisService.open({ ...target, directory: join(stateDir, 'kinesis'), log, metrics }),
      closed,
    ),
    open(
      'DynamoDB',
      () => DynamoDbService.open({ ...target, directory: join(stateDir, 'dynamodb'), log, metrics }),
      closed,
    ),
    open(
      'logs',
      () => new LogsService({ ...target, file: join(stateDir, 'logs.sqlite'), metrics: cloudWatch }),
      closed,
    ),
  ] as const;
  // All of them, also after a failure: what opens late must be closed too.
  await Promise.allSettled(engines);
  const [ministack, kinesis, dynamodb, logs] = await Promise.all(engines);
  const s3 = await open('S3', () => new S3Service({ region: target.region, engine: ministack, frontDoor }), closed);
  prepare = () => s3.prepareEngine();
  const opened = await open(
    'front door',
    () => frontDoor.listen(port),
    () => frontDoor.close(),
  );
  const endpoint = `http://127.0.0.1:${opened}`;
  const lambda = await open(
    'Lambda',
    () =>
      new LambdaService({
        ...target,
        endpoint,
        apiEndpoint: () => apiGateway.endpoint,
        identities,
        frontDoor,
        faults,
        logs,
        metrics,
      }),
    closed,
  );
  const apiGateway: ApiGatewayService = await open(
    'API Gateway',
    () =>
      new ApiGatewayService({
        ...target,
        frontDoor,
        identities,
        functions: lambda,
        port: apiPort,
        logs: { write: (groupArn, line) => logs.write(groupArn.split(':')[6]!, ACCESS_LOG_STREAM, line) },
        failed: log,
        metrics,
      }),
    closed,
  );
  const catalog = await open(
    'Glue catalog',
    () => new GlueCatalog({ ...target, file: join(stateDir, 'glue.sqlite') }),
    closed,
  );
  const { accessKeyId, secretAccessKey } = queryEngineRole(identities);
  const queryEngine = await open(
    'Trino',
    () => {
      const { region } = target;
      return new TrinoOnDemand({
        installation: options.trino,
        stateDir,
        region,
        endpoint,
        accessKeyId,
        secretAccessKey,
        log,
      });
    },
    closed,
  );
  const athena = await open(
    'Athena',
    () =>
      new AthenaService({
        ...target,
        file: join(stateDir, 'athena.sqlite'),
        directory: join(stateDir, 'results'),
        endpoint,
        frontDoor,
        findTable: (database, table) => catalog.findTable(database, table),
        engine: () => queryEngine.get(),
        metrics,
      }),
    closed,
  );
  const installation = options.kafka ?? { java: 'java', jars: [] };
  const kafka = await open(
    'Kafka',
    () => new KafkaService({ ...target, stateDir, installation, identities, frontDoor, logs, log }),
    closed,
  );
  const mappings = await open(
    'event source mappings',
    () =>
      new EventSourceMappings({
        region: target.region,
        file: join(stateDir, 'checkpoints.sqlite'),
        frontDoor,
        functions: lambda,
        streams: kinesis,
        changes: dynamodb.streams,
        cluster: kafka,
        objects: s3,
        log,
        metrics,
      }),
    closed,
  );
  const kafkaConnect = await open(
    'Kafka Connect',
    () =>
      new KafkaConnectService({
        ...target,
        installation,
        python,
        stateDir,
        endpoint,
        kafka,
        identities,
        frontDoor,
        logs,
        log,
      }),
    closed,
  );
  const { spark } = options;
  const orchestration = await open(
    'jobs and schedules',
    () => openOrchestration({ target, stateDir, endpoint, spark, identities, frontDoor, lambda, logs, log, metrics }),
    closed,
  );
  const samplers = new Samplers({
    ...orchestration,
    sink: metrics,
    kafka,
    kafkaConnect,
    administrator: identities.administrator,
    directory: stateDir,
    log,
  });
  cloudWatch.addSample(() => samplers.sample());
  closing.add('samples', () => cloudWatch.stop());
  const glue = new GlueService(catalog.operations, orchestration.glueJobs.operations);
  for (const service of [athena, cloudWatch, dynamodb, glue, kinesis, logs]) frontDoor.addJson(service);
  for (const service of [kafka, kafkaConnect, s3]) frontDoor.addHttp(service);
  frontDoor.addHttp(new CloudWatchHttp({ frontDoor, service: cloudWatch }));
  frontDoor.addHttp(new LambdaHttp({ frontDoor, functions: lambda, mappings }));
  frontDoor.addHttp(new ApiGatewayControlPlane({ region: target.region, frontDoor, apiKeys: apiGateway.apiKeys }));
  frontDoor.addQuery(new StsService(target.account));
  return {
    endpoint,
    services: {
      ...orchestration,
      apiGateway,
      athena,
      authorizer,
      catalog,
      cloudWatch,
      dynamodb,
      identities,
      kafka,
      kafkaConnect,
      kinesis,
      lambda,
      logs,
      mappings,
      ministack,
      queryEngine,
      s3,
    },
  };
}

/**
 * Who the query engine is to the catalog and to S3. What a query may use is decided before, by the rights of its caller:
 * see `services/athena/query-access.ts`.
 */
function queryEngineRole(identities: RoleDirectory): Caller {
  const name = 'pinflow-local-query-engine';
  const caller = identities.putRole(name, parsePolicy({ Statement: [] }, name));
  const Statement = { Effect: 'Allow', Action: ['glue:*', 's3:*'], Resource: '*' };
  identities.putRolePolicy(name, 'catalog-and-data', parsePolicy({ Statement }, name));
  return caller;
}
