import type { JsonObject } from '../service.ts';

/** What the interpreter tells while it runs a machine, as far as it is kept. */
export interface InterpreterEvent {
  readonly type: string;
  readonly timestamp: number;
  readonly index?: number;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly state?: { readonly name: string; readonly type: string; readonly input: unknown; readonly output?: unknown };
  readonly parentState?: { readonly name: string };
  readonly Error?: string;
  readonly Cause?: unknown;
}

export interface EventBody {
  readonly type: string;
  readonly details: JsonObject;
}

/**
 * An event as `GetExecutionHistory` gives it; undefined for one that AWS does not have, such as a retry, which shows
 * there as the task starting again. https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
export function historyEvent(event: InterpreterEvent, roleArn: string): EventBody | undefined {
  const { state, parentState, index } = event;
  const failure = { error: event.Error, cause: text(event.Cause) };
  switch (event.type) {
    case 'ExecutionStarted':
      return { type: event.type, details: { executionStartedEventDetails: { input: json(event.input), roleArn } } };
    case 'ExecutionSucceeded':
      return { type: event.type, details: { executionSucceededEventDetails: { output: json(event.output) } } };
    case 'ExecutionFailed':
      return { type: event.type, details: { executionFailedEventDetails: failure } };
    case 'ExecutionAborted':
      return { type: event.type, details: { executionAbortedEventDetails: {} } };
    case 'ExecutionTimeout':
      return { type: 'ExecutionTimedOut', details: { executionTimedOutEventDetails: { error: 'States.Timeout' } } };
    case 'StateEntered': {
      const details = { name: state!.name, input: json(state!.input) };
      return { type: `${state!.type}StateEntered`, details: { stateEnteredEventDetails: details } };
    }
    case 'StateExited': {
      const details = { name: state!.name, output: json(state!.output) };
      return { type: `${state!.type}StateExited`, details: { stateExitedEventDetails: details } };
    }
    case 'StateFailed':
      return state!.type === 'Task'
        ? { type: 'TaskFailed', details: { taskFailedEventDetails: { resource: '', resourceType: '', ...failure } } }
        : undefined;
    case 'MapIterationStarted':
    case 'MapIterationSucceeded':
    case 'MapIterationFailed': {
      const field = `${event.type[0]!.toLowerCase()}${event.type.slice(1)}EventDetails`;
      return { type: event.type, details: { [field]: { name: parentState!.name, index } } };
    }
    default:
      return undefined;
  }
}

const json = (value: unknown): string => JSON.stringify(value ?? null);
const text = (cause: unknown): string =>
  cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : json(cause);
