import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Authorizer } from '../../../local/access/authorizer.ts';
import { RoleDirectory } from '../../../local/access/identities.ts';
import { CallRecorder } from '../../../local/access/recorder.ts';
import { faultRoutes } from '../../../local/console/faults.ts';
import { Faults, UnknownFaultError } from '../../../local/faults/faults.ts';
import { HttpFrontDoor } from '../../../local/front-door.ts';
import { callMetrics } from '../../../local/services/cloudwatch/sources/call-metrics.ts';
import type { Observation } from '../../../local/services/cloudwatch/types.ts';

const THROTTLES = 'dynamodb:inject-api-throttle-error';
const FAILS = 'dynamodb:inject-api-internal-error';
const DELAYS = 'lambda:invocation-add-delay';
const table = (name: string) => `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;
const read = { action: 'dynamodb:GetItem', resource: table('posts') };

let told: string[];
let faults: Faults;
beforeEach(() => {
  told = [];
  faults = new Faults((line) => told.push(line));
});
afterEach(() => {
  faults.close();
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('a fault', () => {
  test('meets the calls of its service until it is stopped, and is told at both ends', async () => {
    expect(faults.meet(read)).toBeUndefined();
    faults.start(FAILS);
    await expect(faults.meet(read)).rejects.toMatchObject({ code: 'InternalServerError', status: 500 });
    await faults.meet({ action: 'kinesis:PutRecord', resource: 'arn:aws:kinesis:us-east-1:000000000000:stream/pin' });
    await faults.meet({ action: 'dynamodb:DescribeTable', resource: table('posts') });
    expect(faults.all().filter(({ running }) => running)).toMatchObject([{ name: FAILS, running: { met: 1 } }]);
    expect([faults.stop(FAILS), faults.stop(FAILS)]).toEqual([1, undefined]);
    expect(faults.meet(read)).toBeUndefined();
    expect(told).toEqual([`The fault ${FAILS} begins.`, `The fault ${FAILS} has ended; it met 1 calls.`]);
  });

  test('throttles in the words of DynamoDB', async () => {
    faults.start(THROTTLES);
    const reasons = (reason: string) => ({ ThrottlingReasons: [{ reason, resource: table('posts') }] });
    await expect(faults.meet(read)).rejects.toMatchObject({
      code: 'ThrottlingException',
      status: 400,
      members: reasons('TableReadKeyRangeThroughputExceeded'),
    });
    await expect(faults.meet({ ...read, action: 'dynamodb:UpdateItem' })).rejects.toMatchObject({
      members: reasons('TableWriteKeyRangeThroughputExceeded'),
    });
  });

  test('meets its targets only', async () => {
    faults.start(FAILS, { target: '*-posts' });
    await faults.meet({ ...read, resource: table('pinflow-demo-counters') });
    await expect(faults.meet({ ...read, resource: table('pinflow-demo-posts') })).rejects.toThrow();
    await expect(faults.meet({ ...read, resource: table('pinflow-demo-posts/index/by-time') })).rejects.toThrow();
  });

  test('meets its share of the calls', async () => {
    faults.start(FAILS, { share: 0.5 });
    const draw = jest.spyOn(Math, 'random');
    draw.mockReturnValue(0.5);
    await faults.meet(read);
    draw.mockReturnValue(0.49);
    await expect(faults.meet(read)).rejects.toThrow();
  });

  test('ends by itself', async () => {
    jest.useFakeTimers();
    faults.start(FAILS, { seconds: 20 });
    jest.advanceTimersByTime(19_999);
    await expect(faults.meet(read)).rejects.toThrow();
    jest.advanceTimersByTime(1);
    expect(faults.meet(read)).toBeUndefined();
    expect(told.at(-1)).toMatch(/has ended/);
  });

  test('that holds calls up lets them go at its end', async () => {
    faults.start(DELAYS, { delayMs: 60_000 });
    const call = faults.meet({
      action: 'lambda:InvokeFunction',
      resource: 'arn:aws:lambda:us-east-1:000000000000:function:query',
    });
    faults.stop(DELAYS);
    await call;
  });

  test('that there is none of is refused with those that there are', () => {
    expect(() => faults.start('dynamodb:burns')).toThrow(UnknownFaultError);
    expect(() => faults.stop('constructor')).toThrow(/There is no fault constructor; there are dynamodb:inject/);
  });
});

test('a call through the door meets it, and its metrics tell what AWS’s would', async () => {
  const identities = new RoleDirectory('000000000000');
  const door = new HttpFrontDoor({
    identities,
    authorizer: new Authorizer({
      account: '000000000000',
      identities,
      recorder: new CallRecorder(),
      refused: () => {},
    }),
    faults,
    health: () => ({ ready: true }),
    fault: () => {},
  });
  const put: Observation[] = [];
  door.observe = callMetrics({ put: (observation) => put.push(observation) });
  door.addJson({
    name: 'dynamodb',
    access: (operation, input) => [{ action: `dynamodb:${operation}`, resource: table(String(input['TableName'])) }],
    call: async () => ({}),
  });
  const call = (operation: string) =>
    door.call(identities.administrator, 'dynamodb', operation, { TableName: 'posts' }).catch(() => {});
  faults.start(THROTTLES);
  await call('Query');
  await call('UpdateItem');
  faults.stop(THROTTLES);
  faults.start(FAILS);
  await call('UpdateItem');
  faults.stop(FAILS);
  await call('UpdateItem');
  expect(put.map(({ name, dimensions }) => [name, dimensions])).toEqual([
    ['ThrottledRequests', { TableName: 'posts', Operation: 'Query' }],
    ['ReadThrottleEvents', { TableName: 'posts' }],
    ['ThrottledRequests', { TableName: 'posts', Operation: 'UpdateItem' }],
    ['WriteThrottleEvents', { TableName: 'posts' }],
    ['SystemErrors', { TableName: 'posts', Operation: 'UpdateItem' }],
    ['SuccessfulRequestLatency', { TableName: 'posts', Operation: 'UpdateItem' }],
  ]);
});

describe('the console', () => {
  const ask = (method: 'GET' | 'POST', path: string, name: string, body = {}) => {
    const route = faultRoutes(faults).find((one) => one.method === method && one.path === path)!;
    const signal = new AbortController().signal;
    return route.handle({ parameters: { name }, query: new URLSearchParams(), body, signal });
  };

  test('starts, shows and stops faults', () => {
    const order = { share: 0.5, seconds: 30, target: '*-query', delayMs: 10 };
    expect(ask('POST', '/api/faults/:name/start', DELAYS, order)).toMatchObject({ name: DELAYS });
    ask('POST', '/api/faults/:name/start', FAILS);
    const { faults: all } = ask('GET', '/api/faults', '') as { faults: { name: string; running?: object }[] };
    expect(all.find(({ name }) => name === DELAYS)).toMatchObject({
      running: { share: 0.5, target: '*-query', delayMs: 10, until: expect.any(Number), met: 0 },
    });
    expect(ask('POST', '/api/faults/:name/stop', 'all')).toEqual({ stopped: [FAILS, DELAYS] });
    expect(ask('POST', '/api/faults/:name/stop', FAILS)).toEqual({ stopped: [] });
  });

  test.each([
    [{ share: 2 }, 'share is a number from 0.001 to 1.'],
    [{ seconds: '5' }, 'seconds is a number from 1 to 43200.'],
    [{ target: 5 }, 'target is missing: it is a text.'],
  ])('refuses the order %j', (order, message) => {
    expect(() => ask('POST', '/api/faults/:name/start', FAILS, order)).toThrow(message);
  });

  test('refuses what there is not', () => {
    expect(() => ask('POST', '/api/faults/:name/start', 'burns')).toThrow(expect.objectContaining({ status: 404 }));
  });
});
