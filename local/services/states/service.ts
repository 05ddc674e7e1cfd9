import { randomUUID } from 'node:crypto';
import { StateMachine } from 'aws-local-stepfunctions';
import type { AccessRequest, Caller, Identities } from '../../access/caller.ts';
import { putExecution } from '../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import type { InvocationResult } from '../lambda/function-definition.ts';
import { type FrontDoor, type JsonObject, type JsonService, ServiceError } from '../service.ts';
import { written } from '../sqlite.ts';
import { type Definition, definitionProblems, forInterpreter } from './definition.ts';
import { type InterpretedMachine, interpret } from './interpret.ts';
import { type Ending, type Execution, ExecutionStore } from './store.ts';
import type { TaskCalls } from './tasks.ts';

export interface StatesOptions {
  readonly account: string;
  readonly region: string;
  /** The SQLite file. */
  readonly file: string;
  readonly identities: Identities;
  readonly frontDoor: FrontDoor;
  readonly functions: { arn(name: string): string; invoke(name: string, payload: string): Promise<InvocationResult> };
  /** @throws ServiceError */
  readonly publish: (caller: Caller, input: JsonObject) => Promise<JsonObject>;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
}

export interface MachineDefinition {
  readonly name: string;
  readonly roleArn: string;
  readonly definition: Definition;
}

interface Machine extends MachineDefinition, InterpretedMachine {
  readonly role: Caller;
  readonly created: number;
}

const SERVICE_PRINCIPAL = 'states.amazonaws.com';
const NAME = /^[A-Za-z0-9_-]{1,80}$/;
const LOST = {
  status: 'ABORTED',
  error: 'Local.RuntimeStopped',
  cause: 'The local runtime stopped while the execution ran. A lease that it holds ends by itself.',
} as const;

type Input = Readonly<JsonObject>;

/** Step Functions: standard state machines in JSONPath, interpreted in this process. */
export class StatesService implements JsonService {
  readonly name = 'states';
  readonly #options: StatesOptions;
  readonly #store: ExecutionStore;
  readonly #machines = new Map<string, Machine>();
  readonly #running = new Map<string, { stop(ending: Ending): void; readonly ended: Promise<void> }>();
  readonly #operations: Readonly<
    Record<string, { access: 'machine' | 'execution' | 'all'; call(i: Input): JsonObject }>
  > = {
    DescribeExecution: { access: 'execution', call: (input) => this.#describe(input) },
    DescribeStateMachine: { access: 'machine', call: (input) => this.#describeMachine(input) },
    GetExecutionHistory: { access: 'execution', call: (input) => this.#history(input) },
    ListExecutions: { access: 'machine', call: (input) => this.#list(input) },
    ListStateMachines: { access: 'all', call: () => ({ stateMachines: [...this.#machines.values()].map(summary) }) },
    StartExecution: { access: 'machine', call: (input) => this.#start(input) },
    StopExecution: { access: 'execution', call: (input) => this.#stop(input) },
  };

  constructor(options: StatesOptions) {
    this.#options = options;
    this.#store = new ExecutionStore(options.file);
    for (const { arn } of this.#store.running()) this.#store.end(arn, LOST);
  }

  async close(): Promise<void> {
    const running = [...this.#running.values()];
    for (const execution of running) execution.stop(LOST);
    await Promise.all(running.map(({ ended }) => ended));
    this.#store.close();
  }

  /**
   * Declares a machine; one of the same name is replaced, its running executions go on as they were.
   * @throws Error when the definition is not valid, or cannot be interpreted here
   */
  define(machine: MachineDefinition): string {
    const problems = definitionProblems(machine.definition);
    if (problems.length > 0) throw new Error(`the definition ${problems.join('; ')}`);
    // Checks the grammar.
    new StateMachine(machine.definition as never);
    const { identities, account, region } = this.#options;
    const arn = `arn:aws:states:${region}:${account}:stateMachine:${machine.name}`;
    const role = identities.assume(machine.roleArn, SERVICE_PRINCIPAL);
    const interpreted = new StateMachine(forInterpreter(machine.definition) as never, {
      validationOptions: { noValidate: true },
    });
    this.#machines.set(arn, { ...machine, arn, role, interpreted, created: Date.now() });
    return arn;
  }

  remove(arn: string): void {
    this.#machines.delete(arn);
  }

  access(operation: string, input: JsonObject): readonly AccessRequest[] {
    const kind = this.#operation(operation).access;
    const resource =
      kind === 'all' ? '*' : String(input[kind === 'machine' ? 'stateMachineArn' : 'executionArn'] ?? '*');
    return [{ action: `states:${operation}`, resource }];
  }

  async call(operation: string, input: JsonObject): Promise<JsonObject> {
    return this.#operation(operation).call(input);
  }

  #operation(name: string) {
    const found = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
    if (found !== undefined) return found;
    throw new ServiceError('UnknownOperationException', `The local Step Functions do not have the operation ${name}.`);
  }

  /** https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
  #start(request: Input): JsonObject {
    const machine = this.#machine(request);
    const name = String(request['name'] ?? randomUUID());
    const input = String(request['input'] ?? '{}');
    if (!NAME.test(name)) throw new ServiceError('InvalidName', `Invalid Name: '${name}'`);
    const parsed = parseInput(input);
    const arn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const earlier = this.#store.find(arn);
    if (earlier !== undefined) {
      // The same start, asked for twice.
      if (earlier.status === 'RUNNING' && earlier.input === input) return started(earlier);
      throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const execution = { arn, machineArn: machine.arn, name, input, started: Date.now() };
    this.#store.add(execution);
    this.#measure(machine.arn, 'RUNNING');
    this.#run(machine, execution, parsed);
    return started(execution);
  }

  #run(machine: Machine, execution: Pick<Execution, 'arn' | 'name' | 'started'>, input: unknown): void {
    const { arn, started: began } = execution;
    const { stop, ended } = interpret(machine, execution, input, {
      calls: this.#callsOf(machine.role),
      record: (event) => this.#store.addEvent(arn, event),
    });
    const kept = ended.then(async (ending) => {
      await written(() => this.#store.end(arn, ending));
      this.#measure(machine.arn, ending.status, Date.now() - began);
      this.#running.delete(arn);
    });
    this.#running.set(arn, { stop, ended: kept });
  }

  #callsOf(role: Caller): Omit<TaskCalls, 'signal'> {
    const { frontDoor, functions, publish } = this.#options;
    return {
      call: (service, operation, input) => frontDoor.call(role, service, operation, input),
      publish: (input) => publish(role, input),
      invoke: async (name, payload) => {
        const resource = name.startsWith('arn:') ? name : functions.arn(name);
        frontDoor.authorize(role, { action: 'lambda:InvokeFunction', resource });
        return functions.invoke(name, payload);
      },
    };
  }

  #measure(machineArn: string, status: Execution['status'], ms?: number): void {
    const { metrics } = this.#options;
    if (metrics !== undefined) putExecution(metrics, machineArn, status, ms);
  }

  #stop(request: Input): JsonObject {
    const { arn } = this.#execution(request);
    const { error, cause } = request as { error?: string; cause?: string };
    const ending = { status: 'ABORTED', error, cause } as const;
    this.#running.get(arn)?.stop(ending);
    this.#store.end(arn, ending);
    return { stopDate: seconds(Date.now()) };
  }

  #describe(request: Input): JsonObject {
    const { input, output, error, cause, ...execution } = this.#execution(request);
    return {
      ...listed(execution),
      input,
      inputDetails: { included: true },
      ...(output === null ? {} : { output, outputDetails: { included: true } }),
      ...(error === null ? {} : { error }),
      ...(cause === null ? {} : { cause }),
    };
  }

  #describeMachine(request: Input): JsonObject {
    const machine = this.#machine(request);
    const { roleArn, definition } = machine;
    return { ...summary(machine), status: 'ACTIVE', roleArn, definition: JSON.stringify(definition) };
  }

  #history(request: Input): JsonObject {
    const { arn } = this.#execution(request);
    const after = Number(request['nextToken'] ?? 0);
    const limit = Number(request['maxResults'] || 1_000);
    const all = this.#store.events(arn);
    if (request['reverseOrder'] === true) all.reverse();
    const page = all.slice(after, after + limit);
    return {
      events: page.map(({ id, time, type, details }) => ({
        id,
        previousEventId: id - 1,
        timestamp: seconds(time),
        type,
        ...details,
      })),
      ...(after + limit < all.length ? { nextToken: String(after + limit) } : {}),
    };
  }

  #list(request: Input): JsonObject {
    const { arn } = this.#machine(request);
    const after = Number(request['nextToken'] ?? 0);
    const limit = Number(request['maxResults'] || 100);
    const all = this.#store.list(arn, request['statusFilter'] as string | undefined);
    return {
      executions: all.slice(after, after + limit).map(listed),
      ...(after + limit < all.length ? { nextToken: String(after + limit) } : {}),
    };
  }

  #machine(request: Input): Machine {
    const arn = String(request['stateMachineArn']);
    const found = this.#machines.get(arn);
    if (found !== undefined) return found;
    throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  }

  #execution(request: Input): Execution {
    const arn = String(request['executionArn']);
    const found = this.#store.find(arn);
    if (found !== undefined) return found;
    throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  }
}

function parseInput(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    throw new ServiceError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${input}'`);
  }
}

const seconds = (ms: number): number => ms / 1_000;

const started = ({ arn, started: time }: Pick<Execution, 'arn' | 'started'>): JsonObject => ({
  executionArn: arn,
  startDate: seconds(time),
});

const listed = (execution: Omit<Execution, 'input' | 'output' | 'error' | 'cause'>): JsonObject => ({
  executionArn: execution.arn,
  stateMachineArn: execution.machineArn,
  name: execution.name,
  status: execution.status,
  startDate: seconds(execution.started),
  ...(execution.stopped === null ? {} : { stopDate: seconds(execution.stopped) }),
});

const summary = ({ arn, name, created }: Machine): JsonObject => ({
  stateMachineArn: arn,
  name,
  type: 'STANDARD',
  creationDate: seconds(created),
});
