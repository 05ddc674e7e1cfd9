import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RoleDirectory } from './access/identities.ts';
import type { SparkInstallation } from './engines/spark.ts';
import type { HttpFrontDoor } from './front-door.ts';
import type { MetricSink } from './services/cloudwatch/types.ts';
import { runJob } from './services/glue/job-runner.ts';
import { GlueJobs } from './services/glue/jobs.ts';
import type { LambdaService } from './services/lambda/service.ts';
import type { LogsService } from './services/logs/service.ts';
import { SchedulerHttp } from './services/scheduler/http.ts';
import { Scheduler } from './services/scheduler/service.ts';
import { SnsService } from './services/sns/service.ts';
import { SqsService } from './services/sqs/service.ts';
import { StatesService } from './services/states/service.ts';
import type { Target } from './template/scope.ts';

/** What runs jobs, and what has them run. */
export interface Orchestration {
  readonly glueJobs: GlueJobs;
  readonly scheduler: Scheduler;
  readonly sns: SnsService;
  readonly sqs: SqsService;
  readonly states: StatesService;
}

export interface OrchestrationOptions {
  readonly target: Target;
  readonly stateDir: string;
  readonly endpoint: string;
  readonly spark: SparkInstallation | undefined;
  readonly identities: RoleDirectory;
  readonly frontDoor: HttpFrontDoor;
  readonly lambda: LambdaService;
  readonly logs: LogsService;
  readonly log: (line: string) => void;
  readonly metrics: MetricSink;
}

const WITHOUT_SPARK = 'This runtime was started without PySpark.';

/** Opens the services and puts them behind the front door, but Glue, of which the jobs are one part. */
export function openOrchestration(options: OrchestrationOptions): Orchestration & { close(): Promise<void> } {
  const { target, stateDir, endpoint, spark, identities, frontDoor, lambda, logs, log, metrics } = options;
  // Of jobs that a runtime which was killed could not stop.
  rmSync(join(stateDir, 'glue'), { recursive: true, force: true, maxRetries: 5 });
  const common = { ...target, identities, frontDoor, log, metrics };
  const sqs = new SqsService({ ...target, endpoint, file: join(stateDir, 'sqs.sqlite') });
  const sns = new SnsService({ ...common, file: join(stateDir, 'sns.sqlite') });
  const glueJobs = new GlueJobs({
    ...common,
    file: join(stateDir, 'jobs.sqlite'),
    run: (order) => {
      if (spark === undefined) return { ended: Promise.resolve(WITHOUT_SPARK), stop() {} };
      return runJob({ installation: spark, stateDir, endpoint, region: target.region, frontDoor, logs }, order);
    },
  });
  const states = new StatesService({
    ...common,
    file: join(stateDir, 'states.sqlite'),
    functions: lambda,
    publish: (caller, input) => sns.publish(caller, input),
  });
  const scheduler = new Scheduler({
    ...common,
    invoke: async (caller, functionArn, payload) => {
      frontDoor.authorize(caller, { action: 'lambda:InvokeFunction', resource: functionArn });
      const { ended } = await lambda.begin(functionArn, payload);
      ended.catch((error: Error) => log(`${functionArn}: ${error.message}`));
    },
  });
  frontDoor.addJson(sqs);
  frontDoor.addJson(states);
  frontDoor.addQuery(sns);
  frontDoor.addHttp(new SchedulerHttp({ scheduler, frontDoor }));
  const close = async (): Promise<void> => {
    scheduler.close();
    await states.close();
    await glueJobs.close();
    sns.close();
    sqs.close();
  };
  return { glueJobs, scheduler, sns, sqs, states, close };
}
