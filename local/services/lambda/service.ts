import { availableParallelism } from 'node:os';
import type { Caller, Identities } from '../../access/caller.ts';
import { InvocationError } from '../../faults/definitions.ts';
import type { FaultSource } from '../../faults/faults.ts';
import { type FunctionObserver, functionObserver } from '../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import type { LogsService } from '../logs/service.ts';
import { type FrontDoor, ServiceError } from '../service.ts';
import type { FunctionDefinition, InvocationResult } from './function-definition.ts';
import { openFunctionLog } from './function-log.ts';
import { FunctionPool } from './function-pool.ts';
import { FunctionPermissions } from './permissions.ts';
import type { FunctionError } from './worker-process.ts';

export interface LambdaOptions {
  readonly account: string;
  readonly region: string;
  /** Of the AWS services' front door, for `AWS_ENDPOINT_URL`. */
  readonly endpoint: string;
  /** Of deployed APIs, without a stage. @default - functions reach none */
  readonly apiEndpoint?: () => string | undefined;
  readonly identities: Identities;
  readonly frontDoor: Pick<FrontDoor, 'authorize'>;
  /** @default - invocations meet none */
  readonly faults?: FaultSource;
  readonly logs: LogsService;
  /** Workers of one function; further invocations wait. @default - the number of processors, at least 2 */
  readonly maxWorkers?: number;
  /** @default 300000 */
  readonly idleMs?: number;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
}

const IDLE_MS = 300_000;
const SERVICE_PRINCIPAL = 'lambda.amazonaws.com';

interface Registered {
  readonly definition: FunctionDefinition;
  readonly role: Caller;
  readonly pool: FunctionPool;
}

/** Lambda: runs each function's bundle in child processes of its own. */
export class LambdaService {
  readonly #options: LambdaOptions;
  readonly #observer: FunctionObserver;
  readonly #functions = new Map<string, Registered>();
  /** What other services may do with functions, by the functions' own policies. */
  readonly permissions = new FunctionPermissions();

  constructor(options: LambdaOptions) {
    this.#options = options;
    this.#observer = functionObserver(options.metrics ?? { put: () => {} });
  }

  arn(name: string): string {
    return `arn:aws:lambda:${this.#options.region}:${this.#options.account}:function:${name}`;
  }

  /** Declares a function; one of the same name is replaced. @throws ServiceError when Lambda may not assume the role */
  async define(definition: FunctionDefinition): Promise<void> {
    const { identities, region, endpoint, apiEndpoint, maxWorkers, idleMs = IDLE_MS } = this.#options;
    const role = identities.assume(definition.roleArn, SERVICE_PRINCIPAL);
    await this.remove(definition.name);
    const pool = new FunctionPool({
      definition,
      arn: this.arn(definition.name),
      role,
      region,
      endpoint,
      apiEndpoint: () => apiEndpoint?.(),
      log: (stream) => openFunctionLog(this.#options, role, definition.logGroup, stream),
      maxWorkers: maxWorkers ?? Math.max(2, availableParallelism()),
      idleMs,
      observer: this.#observer,
    });
    this.#functions.set(definition.name, { definition, role, pool });
  }

  async remove(name: string): Promise<void> {
    const found = this.#functions.get(name);
    this.#functions.delete(name);
    await found?.pool.stop();
  }

  /** The role that the function runs as, and as which its event sources are read. */
  role(nameOrArn: string): Caller {
    return this.#find(nameOrArn).role;
  }

  /**
   * Runs a function with an event, JSON. A failure of the function is a result, not an exception.
   * @throws ServiceError ResourceNotFoundException, or TooManyRequestsException above the reserved concurrency
   */
  async invoke(nameOrArn: string, payload: string): Promise<InvocationResult> {
    return (await this.begin(nameOrArn, payload)).ended;
  }

  /** As `invoke`, for who does not wait for the end. @throws ServiceError when the invocation is not taken */
  async begin(nameOrArn: string, payload: string): Promise<{ readonly ended: Promise<InvocationResult> }> {
    const { pool, definition } = this.#find(nameOrArn);
    const failure = await this.#faultOf(definition);
    return { ended: pool.invoke(payload, failure) };
  }

  /** How the function is to fail; undefined: it is to run. @throws InjectedError */
  async #faultOf({ name }: FunctionDefinition): Promise<FunctionError | undefined> {
    try {
      await this.#options.faults?.meet({ action: 'lambda:InvokeFunction', resource: this.arn(name) });
      return undefined;
    } catch (error) {
      if (!(error instanceof InvocationError)) throw error;
      return { errorType: error.code, errorMessage: error.message };
    }
  }

  /** The reserved concurrency; undefined: none. @throws ServiceError ResourceNotFoundException */
  reserved(nameOrArn: string): number | undefined {
    return this.#find(nameOrArn).pool.reserved;
  }

  /** Until the runtime ends: the template says it anew then. @throws ServiceError ResourceNotFoundException */
  reserve(nameOrArn: string, executions: number | undefined): void {
    this.#find(nameOrArn).pool.reserved = executions;
  }

  /** Concurrency that functions have reserved, all together. */
  get reservedConcurrency(): number {
    return [...this.#functions.values()].reduce((sum, { pool }) => sum + (pool.reserved ?? 0), 0);
  }

  /** Kills every worker, busy or not. */
  async close(): Promise<void> {
    await Promise.all([...this.#functions.keys()].map((name) => this.remove(name)));
  }

  #find(nameOrArn: string): Registered {
    const found = this.#functions.get(nameOf(nameOrArn));
    if (found !== undefined) return found;
    throw new ServiceError('ResourceNotFoundException', `Function not found: ${this.arn(nameOf(nameOrArn))}`, 404);
  }
}

/** Of a function: clients give its name or its ARN. */
export const nameOf = (nameOrArn: string): string =>
  nameOrArn.startsWith('arn:') ? nameOrArn.split(':')[6]! : nameOrArn;
