import { setTimeout as sleep } from 'node:timers/promises';
import type { InvocationResult } from '../lambda/function-definition.ts';
import { type JsonObject, ServiceError } from '../service.ts';

/** How a task reaches the services: each call as the state machine's role. */
export interface TaskCalls {
  call(service: string, operation: string, input: JsonObject): Promise<JsonObject>;
  invoke(functionName: string, payload: string): Promise<InvocationResult>;
  publish(input: JsonObject): Promise<JsonObject>;
  /** Aborted when the execution ends, or when the state has taken its time. */
  readonly signal: AbortSignal;
}

/** A state's failure; its name is what `ErrorEquals` is compared with, its message is the cause. */
export class TaskError extends Error {
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

type Task = (input: JsonObject, calls: TaskCalls) => Promise<unknown>;

const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 1_000;
const POLL_GROWTH = 1.5;

/** What a refusal is called by services whose API does not model it: the name of the SDK's exception of the service. */
const REFUSED: Readonly<Record<string, string>> = {
  Athena: 'AmazonAthenaException',
  DynamoDB: 'AmazonDynamoDBException',
  Lambda: 'AWSLambdaException',
  SNS: 'AuthorizationErrorException',
};

/** Errors as the service integrations name them: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
async function named<T>(service: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const code = error.code.slice(error.code.lastIndexOf('#') + 1);
    const name = code === 'AccessDeniedException' ? (REFUSED[service] ?? code) : code;
    throw new TaskError(`${service}.${name}`, `${error.message} (Service: ${service}, Status Code: ${error.status})`);
  }
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html */
const invokeFunction: Task = async (input, { invoke }) => {
  const payload = JSON.stringify(input['Payload'] ?? {});
  const result = await named('Lambda', invoke(String(input['FunctionName']), payload));
  if (result.failed) {
    throw new TaskError((JSON.parse(result.payload) as { errorType?: string }).errorType ?? 'Error', result.payload);
  }
  return { ExecutedVersion: '$LATEST', Payload: JSON.parse(result.payload), StatusCode: 200 };
};

/** https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html: the run is the result, and the cause */
const runJob: Task = async (input, { call, signal }) => {
  const { JobRunId } = await named('Glue', call('glue', 'StartJobRun', input));
  const id = { JobName: input['JobName'], RunId: JobRunId };
  const stop = () => call('glue', 'BatchStopJobRun', { JobName: input['JobName'], JobRunIds: [JobRunId] });
  return finished(signal, stop, async () => {
    const { JobRun: run } = (await named('Glue', call('glue', 'GetJobRun', id))) as { JobRun: JsonObject };
    return { state: String(run['JobRunState']), result: run };
  });
};

/** https://docs.aws.amazon.com/step-functions/latest/dg/connect-athena.html */
const runQuery: Task = async (input, { call, signal }) => {
  const { QueryExecutionId } = await named('Athena', call('athena', 'StartQueryExecution', input));
  const stop = () => call('athena', 'StopQueryExecution', { QueryExecutionId });
  return finished(signal, stop, async () => {
    const result = await named('Athena', call('athena', 'GetQueryExecution', { QueryExecutionId }));
    const { Status } = result['QueryExecution'] as { Status: { State: string } };
    return { state: Status.State, result };
  });
};

/** Waits for the end of a job; stops the job when nobody waits for it any more. */
async function finished(
  signal: AbortSignal,
  stop: () => Promise<unknown>,
  poll: () => Promise<{ state: string; result: JsonObject }>,
): Promise<JsonObject> {
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(LONGEST_POLL_MS, pause * POLL_GROWTH)) {
    const { state, result } = await poll();
    if (state === 'SUCCEEDED') return result;
    if (['FAILED', 'TIMEOUT', 'STOPPED', 'CANCELLED', 'ERROR'].includes(state)) {
      throw new TaskError('States.TaskFailed', JSON.stringify(result));
    }
    try {
      await sleep(pause, undefined, { signal });
    } catch {
      await stop().catch(() => {});
      // The interpreter knows it too, and has named it.
      return new Promise(() => {});
    }
  }
}

const callOf =
  (service: string, name: string, operation: string): Task =>
  (input, { call }) =>
    named(name, call(service, operation, input));

/** https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html: a message that is no text is sent as JSON */
const publish: Task = (input, calls) => {
  const { Message } = input;
  const text = typeof Message === 'string' ? Message : JSON.stringify(Message);
  return named('SNS', calls.publish({ ...input, Message: text }));
};

const TASKS: Readonly<Record<string, Task>> = {
  'athena:startQueryExecution.sync': runQuery,
  'dynamodb:deleteItem': callOf('dynamodb', 'DynamoDB', 'DeleteItem'),
  'dynamodb:getItem': callOf('dynamodb', 'DynamoDB', 'GetItem'),
  'dynamodb:putItem': callOf('dynamodb', 'DynamoDB', 'PutItem'),
  'dynamodb:updateItem': callOf('dynamodb', 'DynamoDB', 'UpdateItem'),
  'glue:startJobRun.sync': runJob,
  'lambda:invoke': invokeFunction,
  'sns:publish': publish,
};

const PREFIX = /^arn:aws[\w-]*:states:::/;
const taskOf = (resource: string): Task | undefined =>
  PREFIX.test(resource) ? TASKS[resource.replace(PREFIX, '')] : undefined;

export const hasTask = (resource: string): boolean => taskOf(resource) !== undefined;

/** Carries out a service integration. @throws TaskError, named as on AWS */
export function runTask(resource: string, input: unknown, calls: TaskCalls): Promise<unknown> {
  const task = taskOf(resource);
  if (task === undefined) throw new TaskError('States.Runtime', `There is no ${resource} here.`);
  return task((input ?? {}) as JsonObject, calls);
}
