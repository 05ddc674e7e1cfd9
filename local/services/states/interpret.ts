import { ExecutionError, ExecutionTimeoutError, type StateMachine } from 'aws-local-stepfunctions';
import { written } from '../sqlite.ts';
import { type Definition, RUN_CONTEXT, statesOf } from './definition.ts';
import { historyEvent, type InterpreterEvent } from './history.ts';
import type { Ending, Execution, HistoryEvent } from './store.ts';
import { runTask, type TaskCalls } from './tasks.ts';

export interface InterpretedMachine {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definition: Definition;
  readonly interpreted: StateMachine;
}

export interface InterpretOptions {
  /** As the role of the machine. */
  readonly calls: Omit<TaskCalls, 'signal'>;
  /** Told of each event of the history, in order, before the execution has ended. */
  readonly record: (event: HistoryEvent) => void;
}

/** An execution on its way. */
export interface Interpretation {
  stop(ending: Ending): void;
  readonly ended: Promise<Ending>;
}

/** Runs a machine once, in the interpreter. */
export function interpret(
  machine: InterpretedMachine,
  { arn, name, started }: Pick<Execution, 'arn' | 'name' | 'started'>,
  input: unknown,
  { calls, record }: InterpretOptions,
): Interpretation {
  const { roleArn } = machine;
  const abort = new AbortController();
  const run = machine.interpreted.run(input as never, {
    overrides: { taskResourceLocalHandlers: handlersOf(machine.definition, calls, abort.signal) },
    context: {
      [RUN_CONTEXT]: {
        Id: arn,
        Input: input,
        Name: name,
        RoleArn: roleArn,
        StartTime: new Date(started).toISOString(),
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
    },
  });
  let asked: Ending | undefined;
  const recorded = recordAll(run.eventLogs, roleArn, record);
  const work = async (): Promise<Ending> => {
    const ending = await run.result.then(
      (output): Ending => ({ status: 'SUCCEEDED', output: JSON.stringify(output ?? null) }),
      (error: unknown) => asked ?? failure(error),
    );
    // What runs or waits in another branch still is of no use now.
    run.abort();
    abort.abort();
    await recorded;
    return ending;
  };
  const stop = (ending: Ending): void => {
    asked = ending;
    run.abort();
  };
  return { stop, ended: work() };
}

async function recordAll(
  events: AsyncIterable<unknown>,
  roleArn: string,
  record: InterpretOptions['record'],
): Promise<void> {
  let id = 0;
  for await (const event of events) {
    const body = historyEvent(event as InterpreterEvent, roleArn);
    if (body === undefined) continue;
    id += 1;
    const { timestamp: time } = event as InterpreterEvent;
    await written(() => record({ id, time, ...body }));
  }
}

function handlersOf(
  definition: Definition,
  calls: InterpretOptions['calls'],
  ended: AbortSignal,
): Record<string, (input: unknown) => Promise<never>> {
  // The interpreter keeps the timer of a state until its task is settled.
  const over = new Promise<never>((_, reject) => {
    ended.addEventListener('abort', () => reject(new Error('The execution has ended.')));
  });
  over.catch(() => {});
  const tasks = statesOf(definition).filter(({ state }) => state['Type'] === 'Task');
  return Object.fromEntries(
    tasks.map(({ name, state }) => {
      const seconds = state['TimeoutSeconds'] as number | undefined;
      const handler = async (input: unknown): Promise<never> => {
        // A task that is over is tried again, if its state says so.
        ended.throwIfAborted();
        const signal = seconds === undefined ? ended : AbortSignal.any([ended, AbortSignal.timeout(seconds * 1_000)]);
        const task = runTask(String(state['Resource']), input, { ...calls, signal });
        return Promise.race([task as Promise<never>, over]);
      };
      return [name, handler];
    }),
  );
}

function failure(error: unknown): Ending {
  if (error instanceof ExecutionTimeoutError) return { status: 'TIMED_OUT', error: 'States.Timeout' };
  const { name, message } = (error instanceof ExecutionError ? error.cause : error) as Error;
  return { status: 'FAILED', error: name, cause: message };
}
