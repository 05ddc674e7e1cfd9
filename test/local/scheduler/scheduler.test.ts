import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Caller } from '../../../local/access/caller.ts';
import { timetable } from '../../../local/services/scheduler/expression.ts';
import { type ScheduleDefinition, Scheduler } from '../../../local/services/scheduler/service.ts';
import { type JsonObject, ServiceError } from '../../../local/services/service.ts';

const at = (time: string) => Date.parse(time);
const next = (expression: string, after: string, zone = 'UTC') =>
  new Date(timetable(expression, zone, at('2026-01-01T00:00:00Z')).next(at(after))!).toISOString();

describe('expressions', () => {
  test.each([
    ['cron(0 3 * * ? *)', '2026-05-05T04:00:00Z', 'UTC', '2026-05-06T03:00:00.000Z'],
    ['cron(0 3 * * ? *)', '2026-05-05T04:00:00Z', 'Europe/Berlin', '2026-05-06T01:00:00.000Z'],
    ['cron(30 6 ? * 2-6 *)', '2026-05-09T00:00:00Z', 'UTC', '2026-05-11T06:30:00.000Z'],
    ['cron(0/15 * ? * MON *)', '2026-05-04T00:01:00Z', 'UTC', '2026-05-04T00:15:00.000Z'],
    ['rate(5 minutes)', '2026-01-01T00:07:00Z', 'UTC', '2026-01-01T00:10:00.000Z'],
    ['rate(1 day)', '2026-01-01T00:00:00Z', 'UTC', '2026-01-02T00:00:00.000Z'],
  ])('%s after %s in %s', (expression, after, zone, expected) => {
    expect(next(expression, after, zone)).toBe(expected);
  });

  test.each([
    'at(2026-01-01T00:00:00)',
    'cron(0 3 * * * *)',
    'cron(0 3 L * ? *)',
    'cron(0 3 * * ? 2027)',
    'rate(0 days)',
  ])('%s is not understood', (expression) => expect(() => timetable(expression, 'UTC', 0)).toThrow('not understood'));
});

describe('firing', () => {
  const role: Caller = {
    kind: 'role',
    arn: 'arn:aws:iam::000000000000:role/r',
    accessKeyId: 'A',
    secretAccessKey: 'S',
  };
  const calls: [string, JsonObject][] = [];
  const invoked: string[][] = [];
  let failures: Error[] = [];
  let scheduler: Scheduler;

  const scheduled = (target: Partial<ScheduleDefinition['target']> = {}, expression = 'cron(0 3 * * ? *)') => {
    calls.length = 0;
    invoked.length = 0;
    scheduler = new Scheduler({
      account: '000000000000',
      region: 'us-east-1',
      identities: { assume: () => role },
      frontDoor: {
        call: async (_, service, operation, input) => {
          calls.push([`${service}:${operation}`, input]);
          const failure = operation === 'StartExecution' ? failures.shift() : undefined;
          if (failure !== undefined) throw failure;
          return { executionArn: 'arn:execution' };
        },
      },
      invoke: (caller, functionArn, payload) => {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        invoked.push([caller.arn, functionArn, payload]);
      },
      log: () => {},
      retryMs: 1,
    });
    return scheduler.define({
      name: 'daily',
      group: 'default',
      expression,
      timeZone: 'UTC',
      enabled: true,
      flexibleWindow: { Mode: 'OFF' },
      target: {
        arn: 'arn:machine',
        roleArn: role.arn,
        input: '{"logical_date":"<aws.scheduler.scheduled-time>","n":"<aws.scheduler.attempt-number>"}',
        maximumRetryAttempts: 2,
        maximumEventAgeSeconds: 60,
        deadLetterArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
        ...target,
      },
    });
  };
  afterEach(() => {
    scheduler.close();
    jest.useRealTimers();
  });

  test('the time for which it was meant is in the input', async () => {
    failures = [];
    scheduled();
    expect(await scheduler.runNow('daily', new Date('2026-05-05T03:00:00Z'))).toBe('arn:execution');
    expect(calls).toMatchObject([
      [
        'states:StartExecution',
        { stateMachineArn: 'arn:machine', input: '{"logical_date":"2026-05-05T03:00:00Z","n":"1"}' },
      ],
    ]);
  });

  test('a function is invoked as the schedule’s role, and what it may not do is given up', async () => {
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:canary';
    failures = [];
    scheduled({ arn, input: '{}' });
    expect(await scheduler.runNow('daily')).toBe(arn);
    expect(invoked).toEqual([[role.arn, arn, '{}']]);
    failures = [new ServiceError('AccessDeniedException', 'no', 403)];
    expect(await scheduler.runNow('daily')).toBeUndefined();
    expect(calls.map(([operation]) => operation)).toEqual(['sqs:SendMessage']);
  });

  test('it tries again, under one name', async () => {
    failures = [new ServiceError('ServiceUnavailable', 'later', 503)];
    scheduled();
    expect(await scheduler.runNow('daily')).toBe('arn:execution');
    expect(calls.length).toBe(2);
    expect(calls[0]![1]['name']).toBe(calls[1]![1]['name']);
  });

  test('what is given up goes to the dead-letter queue', async () => {
    const passing = () => new ServiceError('ServiceUnavailable', 'later', 503);
    failures = [passing(), passing(), passing()];
    scheduled();
    expect(await scheduler.runNow('daily')).toBeUndefined();
    expect(calls.map(([operation]) => operation)).toEqual([
      ...Array(3).fill('states:StartExecution'),
      'sqs:SendMessage',
    ]);
    expect(calls[3]![1]).toMatchObject({ MessageAttributes: { ERROR_CODE: { StringValue: 'ServiceUnavailable' } } });
  });

  test('a refusal is not tried again', async () => {
    failures = [new ServiceError('AccessDeniedException', 'no')];
    scheduled();
    expect(await scheduler.runNow('daily')).toBeUndefined();
    expect(calls.length).toBe(2);
  });

  test('what fell into a time in which the machine slept is not made up for', async () => {
    jest.useFakeTimers({ now: at('2026-05-05T00:00:00Z') });
    failures = [];
    scheduled({}, 'rate(1 minute)');
    scheduler.start();
    jest.setSystemTime(at('2026-05-05T08:00:30Z'));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(2);
  });

  test('nothing fires before the start, as nothing may be there yet that it needs', async () => {
    jest.useFakeTimers({ now: at('2026-05-05T00:00:00Z') });
    failures = [];
    scheduled({}, 'rate(1 minute)');
    await jest.advanceTimersByTimeAsync(90_000);
    expect(calls).toHaveLength(0);
    scheduler.start();
    await jest.advanceTimersByTimeAsync(29_000);
    expect(calls).toHaveLength(0);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(calls).toHaveLength(1);
  });

  test('a schedule that is not there', () => {
    scheduled();
    expect(() => scheduler.runNow('other')).toThrow('does not exist');
  });
});
