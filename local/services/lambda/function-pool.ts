import { randomBytes, randomUUID } from 'node:crypto';
import type { Caller } from '../../access/caller.ts';
import type { FunctionObserver } from '../cloudwatch/sources/observers.ts';
import { ServiceError } from '../service.ts';
import type { FunctionDefinition, InvocationResult } from './function-definition.ts';
import type { FunctionLog } from './function-log.ts';
import { type FunctionError, type Outcome, WorkerProcess } from './worker-process.ts';

export interface PoolOptions {
  readonly definition: FunctionDefinition;
  readonly arn: string;
  readonly role: Caller;
  readonly region: string;
  readonly endpoint: string;
  /** Of deployed APIs, without a stage; as late as a worker starts. */
  readonly apiEndpoint: () => string | undefined;
  readonly log: (stream: string) => FunctionLog;
  readonly maxWorkers: number;
  /** Milliseconds after which an idle worker is stopped. */
  readonly idleMs: number;
  readonly observer: Omit<FunctionObserver, 'batchAge'>;
}

interface Environment {
  readonly worker: WorkerProcess;
  readonly log: FunctionLog;
  /** Whether an invocation has reported its cold start. */
  warm: boolean;
  expiry?: NodeJS.Timeout;
}

/** The execution environments of one function. */
export class FunctionPool {
  readonly #options: PoolOptions;
  readonly #all = new Set<Environment>();
  readonly #idle: Environment[] = [];
  readonly #waiting: (() => void)[] = [];
  /** Invocations at a time; undefined: as many as come. */
  reserved: number | undefined;
  #running = 0;
  #stopped = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.reserved = options.definition.reservedConcurrency;
  }

  /**
   * @param failure what the invocation fails with instead of being run
   * @throws ServiceError TooManyRequestsException above the reserved concurrency, ServiceException once stopped
   */
  async invoke(payload: string, failure?: FunctionError): Promise<InvocationResult> {
    const { definition, maxWorkers, observer } = this.#options;
    if (this.reserved !== undefined && this.#running >= this.reserved) {
      observer.throttled(definition.name);
      throw new ServiceError('TooManyRequestsException', 'Rate Exceeded.', 429, {
        Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      });
    }
    this.#running += 1;
    observer.started(definition.name, this.#running);
    try {
      if (this.#running > maxWorkers) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      // A worker that is started now would be stopped by nobody, and keep this process alive.
      if (this.#stopped) throw new ServiceError('ServiceException', `${definition.name} is stopped.`, 500);
      return await this.#invokeIn(this.#take(), payload, failure);
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Kills the workers; what waits for one is refused. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    for (const { expiry } of all) clearTimeout(expiry);
    await Promise.all(all.map(({ worker }) => worker.stop()));
  }

  #take(): Environment {
    for (let found = this.#idle.pop(); found !== undefined; found = this.#idle.pop()) {
      clearTimeout(found.expiry);
      if (found.worker.alive) return found;
      this.#all.delete(found);
    }
    const { definition, log } = this.#options;
    const stream = this.#logStream();
    const own = log(stream);
    const worker = new WorkerProcess({
      directory: definition.directory,
      environment: this.#environment(stream),
      memoryMb: definition.memoryMb,
      timeoutMs: definition.timeoutSeconds * 1_000,
      line: (text) => own.write(text),
    });
    const started: Environment = { worker, log: own, warm: false };
    this.#all.add(started);
    return started;
  }

  async #invokeIn(
    environment: Environment,
    payload: string,
    failure: FunctionError | undefined,
  ): Promise<InvocationResult> {
    const { worker, log } = environment;
    const requestId = randomUUID();
    const unloaded = await worker.load();
    log.write(`START RequestId: ${requestId} Version: $LATEST`);
    const start = performance.now();
    const outcome =
      unloaded ??
      (failure ? { status: 'error', error: failure } : await worker.invoke(requestId, this.#options.arn, payload));
    if (failure)
      log.write(`${new Date().toISOString()}\t${requestId}\tERROR\tInvoke Error\t${JSON.stringify(failure)}`);
    const ms = performance.now() - start;
    this.#report(environment, requestId, outcome, ms);
    this.#options.observer.ended(this.#options.definition.name, outcome.status !== 'success', ms);
    if (worker.alive) this.#keep(environment);
    else this.#all.delete(environment);
    if (outcome.status === 'success') return { requestId, payload: outcome.payload, failed: false };
    return { requestId, payload: JSON.stringify(withRequest(outcome, requestId)), failed: true };
  }

  #keep(environment: Environment): void {
    if (!this.#all.has(environment)) return;
    environment.warm = true;
    environment.expiry = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(environment), 1);
      this.#all.delete(environment);
      void environment.worker.stop();
    }, this.#options.idleMs).unref();
    this.#idle.push(environment);
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html */
  #report({ worker, log, warm }: Environment, requestId: string, outcome: Outcome, ms: number): void {
    const { memoryMb, timeoutSeconds } = this.#options.definition;
    if (outcome.status === 'timeout') {
      log.write(`${new Date().toISOString()} ${requestId} Task timed out after ${timeoutSeconds.toFixed(2)} seconds\n`);
    }
    const init = warm || worker.initMs === undefined ? '' : `Init Duration: ${worker.initMs.toFixed(2)} ms\t`;
    const status =
      outcome.status === 'success'
        ? ''
        : `Status: ${outcome.status}\t${outcome.status === 'error' ? `Error Type: ${outcome.error.errorType}\t` : ''}`;
    log.write(`END RequestId: ${requestId}`);
    log.write(
      `REPORT RequestId: ${requestId}\tDuration: ${ms.toFixed(2)} ms\tBilled Duration: ${Math.ceil(ms)} ms\t` +
        `Memory Size: ${memoryMb} MB\tMax Memory Used: ${Math.ceil(worker.peakMb)} MB\t${init}${status}`,
    );
  }

  /** A group that the function does not own alone tells functions apart by the stream's name. */
  #logStream(): string {
    const { name, logGroup } = this.#options.definition;
    const date = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
    const own = logGroup === `/aws/lambda/${name}` ? '' : name;
    return `${date}/${own}[$LATEST]${randomBytes(16).toString('hex')}`;
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html; from this machine only the PATH. */
  #environment(stream: string): Record<string, string> {
    const { definition, role, region, endpoint, apiEndpoint } = this.#options;
    const api = apiEndpoint();
    return {
      PATH: process.env['PATH'] ?? '',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      ...definition.environment,
      _HANDLER: definition.handler,
      LAMBDA_TASK_ROOT: definition.directory,
      AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: role.accessKeyId,
      AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
      AWS_SESSION_TOKEN: `session-of-${role.accessKeyId}`,
      AWS_ENDPOINT_URL: endpoint,
      // No client of AWS's reads it: an API's own URL has a host that only AWS resolves.
      ...(api !== undefined && { AWS_ENDPOINT_URL_EXECUTE_API: api }),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_FUNCTION_NAME: definition.name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
      AWS_LAMBDA_LOG_GROUP_NAME: definition.logGroup,
      AWS_LAMBDA_LOG_STREAM_NAME: stream,
    };
  }
}

/** What the sandbox says of a function, rather than the function itself, names the request. */
function withRequest(outcome: Exclude<Outcome, { status: 'success' }>, requestId: string): object {
  const { errorType, errorMessage, trace } = outcome.error;
  return trace === undefined
    ? { errorType, errorMessage: `RequestId: ${requestId} Error: ${errorMessage}` }
    : { errorType, errorMessage, trace };
}
