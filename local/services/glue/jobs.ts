import { randomBytes } from 'node:crypto';
import type { AccessRequest, Caller, Identities } from '../../access/caller.ts';
import { putJobRun } from '../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import { type JsonObject, ServiceError } from '../service.ts';
import { written } from '../sqlite.ts';
import { argumentProblems, type JobArguments, type SparkRequest, sparkRequest } from './job-arguments.ts';
import { type JobRun, JobStore } from './job-store.ts';
import type { GlueOperations } from './service.ts';

/** A job as its template declares it. */
export interface JobDefinition {
  readonly name: string;
  readonly roleArn: string;
  /** An `s3://` address. */
  readonly script: string;
  readonly arguments: JobArguments;
  readonly timeoutMinutes: number;
  readonly maxConcurrentRuns: number;
  readonly glueVersion: string;
  readonly workerType: string;
  readonly workers: number;
}

/** One run, for whoever carries it out. */
export interface RunOrder {
  readonly id: string;
  readonly role: Caller;
  readonly script: string;
  /** For the script: the job's own and those of the run. */
  readonly arguments: JobArguments;
  readonly spark: SparkRequest;
}

export interface StartedRun {
  /** Undefined when the script ended well, else its last exception. */
  readonly ended: Promise<string | undefined>;
  stop(): void;
}

export interface GlueJobsOptions {
  readonly account: string;
  readonly region: string;
  /** The SQLite file. */
  readonly file: string;
  readonly identities: Identities;
  readonly run: (order: RunOrder) => StartedRun;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
}

const SERVICE_PRINCIPAL = 'glue.amazonaws.com';
const LOST = 'The local runtime stopped while the job ran.';
const PAGE = 200;

interface Job extends JobDefinition {
  readonly role: Caller;
}

/** Glue jobs: their runs, and who carries them out. https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html */
export class GlueJobs {
  readonly operations: GlueOperations;
  readonly #options: GlueJobsOptions;
  readonly #store: JobStore;
  readonly #jobs = new Map<string, Job>();
  readonly #running = new Map<string, { readonly run: StartedRun; outcome: 'STOPPED' | 'TIMEOUT' | undefined }>();
  readonly #ends = new Set<Promise<void>>();
  #closing = false;

  constructor(options: GlueJobsOptions) {
    this.#options = options;
    this.#store = new JobStore(options.file);
    for (const { id } of this.#store.unfinished()) this.#store.end(id, 'FAILED', LOST);
    const operation = (name: string, call: (input: JsonObject) => JsonObject) => ({
      access: (input: JsonObject): AccessRequest[] => [
        { action: `glue:${name}`, resource: this.arn(String(input['JobName'] ?? '*')) },
      ],
      call,
    });
    this.operations = {
      BatchStopJobRun: operation('BatchStopJobRun', (input) => this.#stop(input)),
      GetJob: operation('GetJob', (input) => ({ Job: jobBody(this.#job(input)) })),
      GetJobRun: operation('GetJobRun', (input) => ({ JobRun: this.#body(this.#find(input)) })),
      GetJobRuns: operation('GetJobRuns', (input) => this.#list(input)),
      StartJobRun: operation('StartJobRun', (input) => this.#start(input)),
    };
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const { run } of this.#running.values()) run.stop();
    await Promise.all(this.#ends);
    this.#store.close();
  }

  arn(name: string): string {
    const { region, account } = this.#options;
    return `arn:aws:glue:${region}:${account}:job/${name}`;
  }

  /** Declares a job; one of the same name is replaced. @throws ServiceError when Glue may not assume the role */
  define(job: JobDefinition): void {
    this.#jobs.set(job.name, { ...job, role: this.#options.identities.assume(job.roleArn, SERVICE_PRINCIPAL) });
  }

  remove(name: string): void {
    this.#jobs.delete(name);
  }

  #start(input: JsonObject): JsonObject {
    const job = this.#job(input);
    const given = { ...job.arguments, ...((input['Arguments'] ?? {}) as JobArguments) };
    const problem = argumentProblems(given)[0];
    if (problem !== undefined) throw new ServiceError('InvalidInputException', `The job ${job.name} ${problem}.`);
    const running = this.#store.unfinished().filter((run) => run.job === job.name).length;
    if (running >= job.maxConcurrentRuns) {
      throw new ServiceError('ConcurrentRunsExceededException', `Concurrent runs exceeded for ${job.name}`);
    }
    const id = `jr_${randomBytes(32).toString('hex')}`;
    const spark = sparkRequest(given);
    const timeoutMinutes = Number(input['Timeout'] ?? job.timeoutMinutes);
    const own = { ...given, '--JOB_NAME': job.name, '--JOB_ID': this.arn(job.name), '--JOB_RUN_ID': id };
    const begun = { id, job: job.name, logGroup: spark.logGroup, timeoutMinutes, started: Date.now() };
    this.#store.add({ ...begun, arguments: (input['Arguments'] ?? {}) as JobArguments });
    const run = this.#options.run({ id, role: job.role, script: job.script, arguments: own, spark });
    this.#follow(job.name, id, run, timeoutMinutes);
    return { JobRunId: id };
  }

  #follow(job: string, id: string, run: StartedRun, timeoutMinutes: number): void {
    const entry: { readonly run: StartedRun; outcome: 'STOPPED' | 'TIMEOUT' | undefined } = { run, outcome: undefined };
    const timer = setTimeout(() => {
      entry.outcome ??= 'TIMEOUT';
      run.stop();
    }, timeoutMinutes * 60_000).unref();
    this.#running.set(id, entry);
    const end = run.ended
      .catch((error: Error) => error.message)
      .then(async (error) => {
        clearTimeout(timer);
        this.#running.delete(id);
        await written(() => {
          if (this.#closing) this.#store.end(id, 'FAILED', LOST);
          else if (entry.outcome !== undefined) this.#store.end(id, entry.outcome, OUTCOMES[entry.outcome]);
          else this.#store.end(id, error === undefined ? 'SUCCEEDED' : 'FAILED', error);
        });
        this.#measure(job, id);
        this.#ends.delete(end);
      });
    this.#ends.add(end);
  }

  #measure(job: string, id: string): void {
    const { metrics } = this.#options;
    const run = this.#store.find(job, id);
    if (metrics === undefined || run === undefined || this.#closing) return;
    putJobRun(metrics, job, id, run.state === 'FAILED' || run.state === 'TIMEOUT', Date.now() - run.started);
  }

  #stop(input: JsonObject): JsonObject {
    const job = this.#job(input);
    const ids = (input['JobRunIds'] ?? []) as string[];
    const successful: JsonObject[] = [];
    const errors: JsonObject[] = [];
    for (const id of ids) {
      const entry = this.#running.get(id);
      if (entry === undefined) {
        const detail = { ErrorCode: 'IllegalWorkflowStateException', ErrorMessage: `The run ${id} is not running.` };
        errors.push({ JobName: job.name, JobRunId: id, ErrorDetail: detail });
        continue;
      }
      this.#store.stopping(id);
      entry.outcome ??= 'STOPPED';
      entry.run.stop();
      successful.push({ JobName: job.name, JobRunId: id });
    }
    return { SuccessfulSubmissions: successful, Errors: errors };
  }

  #list(input: JsonObject): JsonObject {
    const runs = this.#store.list(this.#job(input).name);
    const after = Number(input['NextToken'] ?? 0);
    const end = after + Number(input['MaxResults'] ?? PAGE);
    return {
      JobRuns: runs.slice(after, end).map((run) => this.#body(run)),
      ...(end < runs.length ? { NextToken: String(end) } : {}),
    };
  }

  #find(input: JsonObject): JobRun {
    const found = this.#store.find(String(input['JobName']), String(input['RunId']));
    if (found !== undefined) return found;
    throw notFound(`Job run ${String(input['RunId'])} not found`);
  }

  #job(input: JsonObject): Job {
    const found = this.#jobs.get(String(input['JobName']));
    if (found !== undefined) return found;
    throw notFound(`Failed to start job run due to missing metadata: job ${String(input['JobName'])} not found`);
  }

  #body(run: JobRun): JsonObject {
    const { glueVersion, workerType, workers } = this.#jobs.get(run.job) ?? {};
    const end = run.ended ?? Date.now();
    return {
      Id: run.id,
      Attempt: 0,
      JobName: run.job,
      JobRunState: run.state,
      StartedOn: run.started / 1_000,
      LastModifiedOn: end / 1_000,
      ...(run.ended === null ? {} : { CompletedOn: run.ended / 1_000 }),
      Arguments: run.arguments,
      ...(run.error === null ? {} : { ErrorMessage: run.error }),
      PredecessorRuns: [],
      ExecutionTime: Math.round((end - run.started) / 1_000),
      Timeout: run.timeoutMinutes,
      LogGroupName: run.logGroup,
      GlueVersion: glueVersion,
      WorkerType: workerType,
      NumberOfWorkers: workers,
    };
  }
}

const OUTCOMES = { STOPPED: undefined, TIMEOUT: 'Job run exceeded its timeout.' } as const;

function jobBody({ name, roleArn, script, ...job }: Job): JsonObject {
  return {
    Name: name,
    Role: roleArn,
    Command: { Name: 'glueetl', ScriptLocation: script, PythonVersion: '3' },
    DefaultArguments: job.arguments,
    ExecutionProperty: { MaxConcurrentRuns: job.maxConcurrentRuns },
    MaxRetries: 0,
    Timeout: job.timeoutMinutes,
    GlueVersion: job.glueVersion,
    WorkerType: job.workerType,
    NumberOfWorkers: job.workers,
  };
}

const notFound = (message: string): ServiceError => new ServiceError('EntityNotFoundException', message);
