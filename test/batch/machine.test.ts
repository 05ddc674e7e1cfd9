import { beforeEach, describe, expect, test } from '@jest/globals';
import { StateMachine } from 'aws-local-stepfunctions';
import { goldTables } from '../../lib/batch/gold-statements.ts';
import { runDefinition } from '../../lib/batch/run-definition.ts';
import { servedAnswers } from '../../lib/batch/serve-states.ts';
import { namesOf } from '../../lib/names.ts';
import { profileNamed } from '../../lib/profiles/index.ts';
import { questionHash } from '../../model/compile/definition.ts';
import usersJoinedByYear from '../../model/questions/entries/users-joined-by-year.ts';

type Call = Readonly<Record<string, unknown>>;

class NamedError extends Error {
  constructor(name: string) {
    super('as the test wants it');
    this.name = name;
  }
}

const arn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const definition = runDefinition({
  names: namesOf('demo'),
  batch: profileNamed('dev').batch,
  planFunctionArn: arn('plan'),
  gateFunctionArn: arn('gate'),
  serveFunctionArn: arn('serve'),
  refereeFunctionArn: arn('referee'),
  failureTopicArn: 'arn:aws:sns:us-east-1:000000000000:failures',
});
const plan = {
  runId: 'run-1',
  from: '2026-11-20',
  to: '2026-11-21',
  watermark: '1795255200000',
  watermarkTimestamp: '2026-11-21 10:00:00.000',
  logicalDate: 'x',
  reclean: 'false',
  tidy: false,
  now: '1',
  leaseExpiresAt: '2',
  pointerRunId: 'none',
  published: [{ S: 'run-0' }, { S: 'run-1' }],
  keptRuns: "'run-0', 'run-1'",
  pointer: null,
};
const summary = { changed: true, model: 'm', snapshots: '{}', feeds: {} };
let calls: [string, Call][];

beforeEach(() => {
  calls = [];
});

async function run(answers: Readonly<Record<string, () => unknown>> = {}) {
  const usual: Record<string, () => unknown> = {
    ReadState: () => ({}),
    Plan: () => ({ Payload: plan }),
    Gate: () => ({ Payload: summary }),
    Select: () => ({ QueryExecution: { ResultConfiguration: { OutputLocation: 's3://curated/athena/1.csv' } } }),
  };
  const states = [
    'ReadState',
    'Plan',
    'TakeLease',
    'Clean',
    'Gate',
    'CreateTable',
    'Insert',
    'Select',
    'Copy',
    'MovePointer',
    'Sweep',
    'Forget',
    'Maintain',
  ];
  const ends = ['Release', 'Referee', 'ReleaseAfterFailure', 'Notify'];
  const taskResourceLocalHandlers = Object.fromEntries(
    [...states, ...ends].map((state) => [
      state,
      async (input: Call) => {
        calls.push([state, input]);
        return (answers[state] ?? usual[state])?.() ?? {};
      },
    ]),
  );
  const retryIntervalOverrides = Object.fromEntries(states.map((state) => [state, 0]));
  const machine = new StateMachine(JSON.parse(JSON.stringify(definition)), { checkArn: false } as never);
  const { result } = machine.run({}, {
    overrides: { taskResourceLocalHandlers, retryIntervalOverrides },
    context: { Execution: { Id: 'arn', Name: 'run-1', StartTime: '2026-11-21T10:02:00Z', Input: {} } },
  } as never);
  return (await result) as unknown as Call;
}

const visited = () => calls.map(([state]) => state);
const counted = (state: string) => visited().filter((each) => each === state).length;

test('a run cleans, computes every metric, and only then moves the pointer', async () => {
  expect(await run()).toEqual({ outcome: 'changed', plan, summary });
  expect([counted('CreateTable'), counted('Insert')]).toEqual([goldTables.length, goldTables.length]);
  expect(visited().slice(-3)).toEqual(['MovePointer', 'Release', 'Referee']);
  const inserts = calls.filter(([state]) => state === 'Insert').map(([, { QueryString }]) => String(QueryString));
  for (const insert of inserts) {
    expect(insert).toContain("'run-1' AS run_id, CAST(TIMESTAMP '2026-11-21 10:00:00.000' AS timestamp(6))");
    expect(insert).toContain("WHERE run_id = 'run-1')");
    expect(insert).not.toMatch(/\{\}/);
  }
});

test('a run leaves every answer before readers see it, and judges the layers after, whatever comes of that', async () => {
  await run();
  expect([counted('Select'), counted('Copy')]).toEqual([servedAnswers().length, servedAnswers().length]);
  for (const [state, { QueryString }] of calls) {
    if (state !== 'Select') continue;
    expect(QueryString).toContain("run_id = 'run-1'");
    expect(QueryString).not.toMatch(/\{\}/);
  }
  const copies = calls.flatMap(([state, { Payload }]) => (state === 'Copy' ? [Payload] : []));
  expect(copies).toContainEqual({
    run: 'run-1',
    watermark: plan.watermark,
    kind: 'questions',
    name: 'users_joined_by_year',
    definition: questionHash(usersJoinedByYear),
    columns: [
      { name: 'joining_year', type: 'number' },
      { name: 'number_users_joined', type: 'number' },
      { name: 'number_posts', type: 'number' },
    ],
    location: 's3://curated/athena/1.csv',
  });
  const Referee = () => {
    throw new NamedError('QueryError');
  };
  expect(await run({ Referee })).toEqual({ outcome: 'changed', plan, summary });
});

test('a run that changed nothing writes nothing', async () => {
  const outcome = await run({ Gate: () => ({ Payload: { ...summary, changed: false } }) });
  expect(outcome).toMatchObject({ outcome: 'unchanged' });
  expect(visited()).toEqual(['ReadState', 'Plan', 'TakeLease', 'Clean', 'Gate', 'Release', 'Referee']);
});

test('a run that meets another one leaves it alone', async () => {
  const taken = () => {
    throw new NamedError('DynamoDB.ConditionalCheckFailedException');
  };
  expect(await run({ TakeLease: taken })).toMatchObject({ outcome: 'overlap' });
  expect(visited()).toEqual(['ReadState', 'Plan', 'TakeLease']);
});

test('a daily run maintains the tables, and is not undone when that fails', async () => {
  const Plan = () => ({ Payload: { ...plan, tidy: true } });
  expect(await run({ Plan })).toMatchObject({ outcome: 'changed' });
  expect(counted('Maintain')).toBe(6 + goldTables.length);
  expect(calls.filter(([state]) => state === 'Sweep')).toEqual([
    ['Sweep', expect.objectContaining({ Payload: { keep: ['run-0', 'run-1'] } })],
  ]);
  const deletes = calls.filter(([state]) => state === 'Forget').map(([, { QueryString }]) => QueryString);
  expect(new Set(deletes)).toEqual(
    new Set(goldTables.map((table) => `DELETE FROM ${table} WHERE run_id NOT IN ('run-0', 'run-1')`)),
  );
  const Maintain = () => {
    throw new NamedError('States.TaskFailed');
  };
  expect(await run({ Plan, Maintain })).toMatchObject({ outcome: 'changed' });
});

describe('a failure of', () => {
  test.each<[string, number]>([
    ['Clean', 2],
    ['Gate', 1],
    ['CreateTable', 3],
    ['Insert', 3],
    ['Select', 3],
    ['Copy', 3],
    ['MovePointer', 1],
  ])('%s is tried again where that helps, frees the lease, is told, and moves no pointer', async (state, tries) => {
    const fail = () => {
      throw new NamedError(state === 'Gate' ? 'GateError' : 'States.TaskFailed');
    };
    await expect(run({ [state]: fail })).rejects.toThrow();
    expect(counted(state)).toBeGreaterThanOrEqual(tries);
    // Statements that were on their way may still end.
    const others = visited().filter((each) => !['CreateTable', 'Insert', 'Select', 'Copy'].includes(each));
    expect(others.slice(-2)).toEqual(['ReleaseAfterFailure', 'Notify']);
    if (state !== 'MovePointer') expect(counted('MovePointer')).toBe(0);
  });

  test('the plan is told; there is no lease to free', async () => {
    const Plan = () => {
      throw new NamedError('PlanError');
    };
    await expect(run({ Plan })).rejects.toThrow();
    expect(visited()).toEqual(['ReadState', 'Plan', 'Notify']);
  });

  test('one try is forgotten when the next succeeds', async () => {
    let tries = 0;
    const Insert = () => {
      tries += 1;
      if (tries === 1) throw new NamedError('States.TaskFailed');
      return {};
    };
    expect(await run({ Insert })).toMatchObject({ outcome: 'changed' });
    expect(counted('Insert')).toBe(goldTables.length + 1);
  });
});

test('a lease is taken when it is free, expired or ours, by the pointer that the plan saw, and released by its holder', async () => {
  await run();
  const [, lease] = calls.find(([state]) => state === 'TakeLease')!;
  expect(lease['ConditionExpression']).toBe(
    '(attribute_not_exists(#lease) OR #lease.#expiresAt < :now OR #lease.#runId = :runId) AND ' +
      '(attribute_not_exists(#pointer) OR #pointer.#runId = :seen)',
  );
  const [, release] = calls.find(([state]) => state === 'Release')!;
  expect(release).toMatchObject({ UpdateExpression: 'REMOVE #lease', ConditionExpression: '#lease.#runId = :runId' });
});
