import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Caller } from '../../../local/access/caller.ts';
import { type JsonObject, ServiceError } from '../../../local/services/service.ts';
import { type Definition, definitionProblems } from '../../../local/services/states/definition.ts';
import { StatesService } from '../../../local/services/states/service.ts';

const role: Caller = { kind: 'role', arn: 'arn:aws:iam::000000000000:role/r', accessKeyId: 'A', secretAccessKey: 'S' };
const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:m';
const task = (resource: string, more: JsonObject = {}) => ({
  Type: 'Task',
  Resource: `arn:aws:states:::${resource}`,
  End: true,
  ...more,
});
const machine = (States: Record<string, JsonObject>, more: JsonObject = {}): Definition => ({
  StartAt: Object.keys(States)[0]!,
  States,
  ...more,
});

let directory: string;
let states: StatesService;
/** What was asked of the services, and what they answer: by operation. */
let calls: [string, JsonObject][];
let answers: Record<string, (input: JsonObject) => JsonObject>;

function open(): void {
  const answer = (operation: string, input: JsonObject): JsonObject => {
    calls.push([operation, input]);
    return answers[operation]?.(input) ?? {};
  };
  states = new StatesService({
    account: '000000000000',
    region: 'us-east-1',
    file: join(directory, 'states.sqlite'),
    identities: { assume: () => role },
    frontDoor: {
      call: async (_, service, operation, input) => answer(`${service}:${operation}`, input),
      authorize() {},
    },
    functions: {
      arn: (name) => name,
      invoke: async (name, payload) => {
        const failed = name === 'bad';
        calls.push([name, JSON.parse(payload)]);
        return { requestId: '1', failed, payload: failed ? '{"errorType":"OddError","errorMessage":"no"}' : payload };
      },
    },
    publish: async (_, input) => answer('sns:Publish', input),
  });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  calls = [];
  answers = {};
  open();
});
afterEach(async () => {
  await states.close();
  rmSync(directory, { recursive: true });
});

const start = async (definition: Definition, input: unknown = {}, name?: string): Promise<string> => {
  states.define({ name: 'm', roleArn: role.arn, definition });
  const request = { stateMachineArn: MACHINE, input: JSON.stringify(input), ...(name && { name }) };
  return String((await states.call('StartExecution', request))['executionArn']);
};
const describeExecution = (executionArn: string) => states.call('DescribeExecution', { executionArn });

async function ended(executionArn: string): Promise<JsonObject> {
  for (;;) {
    const execution = await describeExecution(executionArn);
    if (execution['status'] !== 'RUNNING') return execution;
    await sleep(10);
  }
}
async function outputOf(definition: Definition, input?: unknown): Promise<unknown> {
  const execution = await ended(await start(definition, input));
  expect(execution).toMatchObject({ status: 'SUCCEEDED' });
  return JSON.parse(String(execution['output']));
}

describe('tasks', () => {
  test('a function gets its payload, and gives its own', async () => {
    const definition = machine({
      A: task('lambda:invoke', {
        Parameters: { FunctionName: 'f', Payload: { 'run.$': '$$.Execution.Name', 'x.$': '$.x' } },
        ResultSelector: { 'got.$': '$.Payload.x' },
      }),
    });
    expect(await outputOf(definition, { x: 3 })).toEqual({ got: 3 });
  });

  test('what a function throws is the name of the error', async () => {
    const execution = await ended(
      await start(machine({ A: task('lambda:invoke', { Parameters: { FunctionName: 'bad' } }) })),
    );
    expect(execution).toMatchObject({ status: 'FAILED', error: 'OddError', cause: expect.stringContaining('"no"') });
  });

  test('a job is waited for; its run is the result', async () => {
    const runs = ['RUNNING', 'SUCCEEDED'];
    answers['glue:StartJobRun'] = () => ({ JobRunId: 'jr_1' });
    answers['glue:GetJobRun'] = () => ({ JobRun: { Id: 'jr_1', JobRunState: runs.shift() } });
    const definition = machine({ A: task('glue:startJobRun.sync', { Parameters: { JobName: 'j' } }) });
    expect(await outputOf(definition)).toEqual({ Id: 'jr_1', JobRunState: 'SUCCEEDED' });
  });

  test('a statement that fails fails its state, with the execution as cause', async () => {
    answers['athena:StartQueryExecution'] = () => ({ QueryExecutionId: 'q' });
    answers['athena:GetQueryExecution'] = () => ({ QueryExecution: { Status: { State: 'FAILED' } } });
    const execution = await ended(await start(machine({ A: task('athena:startQueryExecution.sync') })));
    expect(execution).toMatchObject({
      status: 'FAILED',
      error: 'States.TaskFailed',
      cause: expect.stringContaining('FAILED'),
    });
  });

  test('a job that outlives its state is stopped', async () => {
    answers['glue:StartJobRun'] = () => ({ JobRunId: 'jr_1' });
    answers['glue:GetJobRun'] = () => ({ JobRun: { JobRunState: 'RUNNING' } });
    const definition = machine({
      A: task('glue:startJobRun.sync', { TimeoutSeconds: 1, Parameters: { JobName: 'j' } }),
    });
    expect(await ended(await start(definition))).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    for (let tries = 0; tries < 1_000 && !calls.some(([name]) => name === 'glue:BatchStopJobRun'); tries += 1) {
      await sleep(20);
    }
    expect(calls).toContainEqual(['glue:BatchStopJobRun', { JobName: 'j', JobRunIds: ['jr_1'] }]);
  });

  test('a message that is no text is published as JSON', async () => {
    await outputOf(machine({ A: task('sns:publish', { Parameters: { TopicArn: 't', Message: { a: 1 } } }) }));
    expect(calls).toEqual([['sns:Publish', { TopicArn: 't', Message: '{"a":1}' }]]);
  });
});

describe('branches', () => {
  const refusing = (code: string) => () => {
    throw new ServiceError(code, 'The conditional request failed');
  };

  test('a refused condition is caught by its name', async () => {
    answers['dynamodb:UpdateItem'] = refusing('com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException');
    const caught = [{ ErrorEquals: ['DynamoDB.ConditionalCheckFailedException'], ResultPath: '$.refused', Next: 'B' }];
    const definition = machine({
      A: task('dynamodb:updateItem', { ResultPath: null, Catch: caught }),
      B: { Type: 'Pass', Parameters: { 'error.$': '$.refused.Error' }, End: true },
    });
    expect(await outputOf(definition)).toEqual({ error: 'DynamoDB.ConditionalCheckFailedException' });
  });

  test('it tries again', async () => {
    let times = 0;
    answers['dynamodb:GetItem'] = () => {
      times += 1;
      return times < 3 ? refusing('ThrottlingException')() : { Item: {} };
    };
    const Retry = [
      {
        ErrorEquals: ['DynamoDB.ThrottlingException'],
        IntervalSeconds: 1,
        MaxAttempts: 5,
        MaxDelaySeconds: 1,
        JitterStrategy: 'FULL',
      },
    ];
    expect(await outputOf(machine({ A: task('dynamodb:getItem', { Retry }) }))).toEqual({ Item: {} });
  });

  test('a failure inside of a branch is caught outside; the context is that of the execution', async () => {
    const inside = machine({
      C: {
        Type: 'Pass',
        Parameters: {
          'input.$': '$$.Execution.Input',
          'time.$': '$$.Execution.StartTime',
          'text.$': "States.Format('{}!', $$.Execution.Name)",
        },
        Next: 'D',
      },
      D: task('lambda:invoke', { Parameters: { FunctionName: 'bad', 'Payload.$': '$' } }),
    });
    const arn = await start(
      machine({
        A: { Type: 'Pass', Result: { changed: 1 }, Next: 'B' },
        B: {
          Type: 'Parallel',
          Branches: [inside],
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'F' }],
          End: true,
        },
        F: { Type: 'Fail', ErrorPath: '$.failure.Error', CausePath: '$.failure.Cause' },
      }),
      { first: true },
      'named',
    );
    const execution = await ended(arn);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'OddError' });
    const time = new Date(Number(execution['startDate']) * 1_000).toISOString();
    expect(calls).toEqual([['bad', { input: { first: true }, time, text: 'named!' }]]);
  });

  test('a map runs each item, in order of its result', async () => {
    const definition = machine({
      A: {
        Type: 'Map',
        ItemsPath: '$.items',
        MaxConcurrency: 2,
        ItemSelector: { 'item.$': '$$.Map.Item.Value', 'run.$': '$$.Execution.Name' },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          ...machine({
            B: task('lambda:invoke', {
              Parameters: { FunctionName: 'f', 'Payload.$': '$.item' },
              OutputPath: '$.Payload',
            }),
          }),
        },
        End: true,
      },
    });
    expect(await outputOf(definition, { items: [1, 2, 3] })).toEqual([1, 2, 3]);
  });

  test('a choice', async () => {
    const definition = machine({
      A: { Type: 'Choice', Choices: [{ Variable: '$.yes', BooleanEquals: true, Next: 'Y' }], Default: 'N' },
      Y: { Type: 'Pass', Result: 'y', End: true },
      N: { Type: 'Pass', Result: 'n', End: true },
    });
    expect([await outputOf(definition, { yes: true }), await outputOf(definition, { yes: false })]).toEqual(['y', 'n']);
  });
});

describe('executions', () => {
  const waiting = machine({ A: { Type: 'Wait', Seconds: 30, End: true } });

  test('a name is used once, and a start asked for twice is one', async () => {
    const arn = await start(waiting, {}, 'x');
    expect(await start(waiting, {}, 'x')).toBe(arn);
    await expect(start(waiting, { other: 1 }, 'x')).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
    await states.call('StopExecution', { executionArn: arn, cause: 'enough' });
    expect(await ended(arn)).toMatchObject({ status: 'ABORTED', cause: 'enough' });
    await expect(start(waiting, {}, 'x')).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
  });

  test('one that takes too long', async () => {
    expect(await ended(await start({ ...waiting, TimeoutSeconds: 1 }))).toMatchObject({ status: 'TIMED_OUT' });
  });

  test('an end that cannot be kept for a while is kept then', async () => {
    const arn = await start(machine({ A: { Type: 'Wait', Seconds: 1, End: true } }));
    const other = new DatabaseSync(join(directory, 'states.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    await sleep(1_500);
    expect(await describeExecution(arn)).toMatchObject({ status: 'RUNNING' });
    other.close();
    expect(await ended(arn)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('those that a stopped runtime left are aborted, and say so', async () => {
    const arn = await start(waiting);
    await states.close();
    open();
    expect(await describeExecution(arn)).toMatchObject({ status: 'ABORTED', error: 'Local.RuntimeStopped' });
  });

  test('one that ends leaves no timer, whatever its states still do or wait for', async () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    const clear = jest.spyOn(globalThis, 'clearTimeout');
    answers['glue:StartJobRun'] = () => ({ JobRunId: 'jr_1' });
    answers['glue:GetJobRun'] = () => ({ JobRun: { JobRunState: 'RUNNING' } });
    const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 600, MaxAttempts: 3 }];
    const job = task('glue:startJobRun.sync', { TimeoutSeconds: 600, Parameters: { JobName: 'j' }, Retry });
    const bad = (seconds: number) =>
      machine({
        [`W${seconds}`]: { Type: 'Wait', Seconds: 1, Next: `B${seconds}` },
        [`B${seconds}`]: task('lambda:invoke', { Parameters: { FunctionName: 'bad' }, ...(seconds > 0 && { Retry }) }),
      });
    const jobs = () => calls.filter(([operation]) => operation === 'glue:StartJobRun').length;

    const arn = await start(machine({ A: job }));
    while (jobs() < 1) await sleep(10);
    await states.call('StopExecution', { executionArn: arn });
    const branches = { Type: 'Parallel', Branches: [machine({ J: job }), bad(600), bad(0)], End: true };
    expect(await ended(await start(machine({ P: branches })))).toMatchObject({ status: 'FAILED', error: 'OddError' });
    await sleep(50);
    const cleared = new Set<unknown>(clear.mock.calls.map(([timer]) => timer));
    const long = set.mock.calls.flatMap(([, ms = 0], at) => (ms >= 100_000 ? [set.mock.results[at]!.value] : []));
    expect(long.length).toBeGreaterThan(2);
    expect({ left: long.filter((timer) => !cleared.has(timer)).length, jobs: jobs() }).toEqual({ left: 0, jobs: 2 });
    jest.restoreAllMocks();
  });

  test('the history names the states', async () => {
    const arn = await start(machine({ A: { Type: 'Pass', End: true } }), { a: 1 });
    await ended(arn);
    const { events } = await states.call('GetExecutionHistory', { executionArn: arn });
    expect((events as { type: string }[]).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'ExecutionSucceeded',
    ]);
    const { executions } = await states.call('ListExecutions', { stateMachineArn: MACHINE, statusFilter: 'SUCCEEDED' });
    expect(executions).toMatchObject([{ executionArn: arn }]);
  });

  test('input that is not JSON, a machine that is not there', async () => {
    states.define({ name: 'm', roleArn: role.arn, definition: waiting });
    const request = { stateMachineArn: MACHINE, input: '{' };
    await expect(states.call('StartExecution', request)).rejects.toMatchObject({ code: 'InvalidExecutionInput' });
    const other = { stateMachineArn: `${MACHINE}2` };
    await expect(states.call('StartExecution', other)).rejects.toMatchObject({ code: 'StateMachineDoesNotExist' });
  });
});

describe('what is refused', () => {
  const nested = (state: JsonObject) =>
    machine({ A: { Type: 'Parallel', Branches: [machine({ B: state })], End: true } });

  test.each([
    ['a service', nested(task('sqs:sendMessage')), 'state B calls arn:aws:states:::sqs:sendMessage'],
    ['JSONata', { ...machine({}), StartAt: 'A', QueryLanguage: 'JSONata' }, 'is in JSONata'],
    ['variables', nested({ Type: 'Pass', Assign: { a: 1 }, End: true }), 'state B has Assign'],
    ['heartbeats', nested(task('lambda:invoke', { HeartbeatSeconds: 1 })), 'state B has HeartbeatSeconds'],
    ['a context', nested({ Type: 'Pass', Parameters: { 'a.$': '$$.Task.Token' }, End: true }), '$$.Task.Token'],
    [
      'two of a name',
      nested({ Type: 'Pass', End: true, Branches: [machine({ A: { Type: 'Pass', End: true } })] }),
      'two states A',
    ],
  ])('%s', (_, definition, problem) => {
    expect(definitionProblems(definition as Definition)).toEqual([expect.stringContaining(problem)]);
  });
});
