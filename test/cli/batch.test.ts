import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { clientsAt } from '../../cli/aws.ts';
import { stepLine, summaryFaults, summaryText } from '../../cli/batch/print.ts';
import { followRun, startRun } from '../../cli/batch/run.ts';
import { type Step, Steps } from '../../cli/batch/steps.ts';

const states = mockClient(SFNClient);
const clients = clientsAt('http://127.0.0.1:1');
afterEach(() => {
  states.reset();
});

/** One event a second. */
function history(...events: readonly (readonly [type: string, name?: string])[]): HistoryEvent[] {
  return events.map(([type, name = ''], at) => ({
    id: at + 1,
    type: type as never,
    timestamp: new Date(at * 1000),
    ...(type.endsWith('Entered') && { stateEnteredEventDetails: { name } }),
    ...(type.endsWith('Exited') && { stateExitedEventDetails: { name } }),
    ...(type === 'TaskFailed' && {
      taskFailedEventDetails: { resource: '', resourceType: '', error: 'Glue', cause: name },
    }),
  }));
}

const steps = (events: readonly HistoryEvent[]): Step[] => {
  const reader = new Steps();
  return [...events, ...events].flatMap((event) => [...reader.take(event)]);
};

test('the history is told by tasks and maps, each event once', () => {
  const events = history(
    ['ExecutionStarted'],
    ['ParallelStateEntered', 'Run'],
    ['TaskStateEntered', 'Clean'],
    ['TaskFailed', 'no memory'],
    ['TaskStateExited', 'Clean'],
    ['PassStateEntered', 'Questions'],
    ['PassStateExited', 'Questions'],
    ['MapStateEntered', 'Answer'],
    ['TaskStateEntered', 'Insert'],
    ['TaskStateExited', 'Insert'],
    ['MapIterationSucceeded'],
    ['TaskStateEntered', 'Insert'],
    ['TaskStateExited', 'Insert'],
    ['MapIterationSucceeded'],
    ['MapStateExited', 'Answer'],
    ['ParallelStateExited', 'Run'],
  );
  expect(steps(events)).toEqual([
    { name: 'Clean', ms: 1000, failure: 'Glue: no memory' },
    { name: 'Clean', ms: 2000 },
    { name: 'Answer', ms: 7000, items: 2 },
  ]);
  expect(stepLine({ name: 'Answer', ms: 7000, items: 2 })).toBe('  Answer (2)               7.0 s');
  expect(stepLine({ name: 'Clean', ms: 1000, failure: 'no memory' })).toMatch(/1\.0 s {2}failed: no memory$/);
});

const machineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:pinflow-demo-batch';
const names = { machineArn } as Parameters<typeof startRun>[1];

test('a run is started for what is new, or for a range of dates', async () => {
  states.on(StartExecutionCommand).resolves({ executionArn: 'arn' });
  await startRun(clients, names);
  await startRun(clients, names, { from: '2026-11-01', to: '2026-11-02' });
  expect(states.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input)).toEqual([
    { stateMachineArn: machineArn, input: '{}' },
    { stateMachineArn: machineArn, input: '{"from":"2026-11-01","to":"2026-11-02"}' },
  ]);
});

const feed = { records: 3, rows_in: 4, applied: 2, duplicate: 1, superseded: 0, quarantined: 1, late: 0 };
const ended = {
  outcome: 'changed' as const,
  plan: { runId: 'r', from: '2026-11-20', to: '2026-11-21', watermark: '1700000000000' },
  summary: { feeds: { pin: feed, geo: feed, user: { ...feed, applied: 1 } } },
};

test('a run is followed to its end, and its rows have to add up', async () => {
  states
    .on(DescribeExecutionCommand)
    .resolvesOnce({ status: 'RUNNING' })
    .resolves({ status: 'SUCCEEDED', output: JSON.stringify(ended) });
  states.on(GetExecutionHistoryCommand).resolves({
    events: history(['TaskStateEntered', 'Plan'], ['TaskStateExited', 'Plan']),
  });
  const told: Step[] = [];
  const result = await followRun(clients, 'arn', { onStep: (step) => told.push(step) });
  expect(told).toEqual([{ name: 'Plan', ms: 1000 }]);
  expect(result).toEqual(ended);
  expect(summaryText(ended)).toContain('arrivals from 2026-11-20 to 2026-11-21, before 2023-11-14T22:13:20.000Z');
  expect(summaryText(ended)).toMatch(/pin +3 +4 +2 +1 +0 +1 +0\n/);
  expect(summaryFaults(ended)).toEqual(['user: the batch read 4 rows, which have 3 ends.']);
});

test('a run that fails says why', async () => {
  states.on(DescribeExecutionCommand).resolves({ status: 'FAILED', error: 'GateError', cause: 'too many' });
  states.on(GetExecutionHistoryCommand).resolves({ events: [] });
  expect(await followRun(clients, 'arn')).toEqual({
    outcome: 'failed',
    status: 'FAILED',
    error: 'GateError',
    cause: 'too many',
  });
});
