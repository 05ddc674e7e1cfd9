import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AccessRequest, Caller } from '../../../local/access/caller.ts';
import { Faults } from '../../../local/faults/faults.ts';
import { processIdentity } from '../../../local/process-identity.ts';
import type { FunctionDefinition } from '../../../local/services/lambda/function-definition.ts';
import { LambdaService } from '../../../local/services/lambda/service.ts';
import { LogsService } from '../../../local/services/logs/service.ts';
import { ServiceError } from '../../../local/services/service.ts';

const ROLE: Caller = {
  kind: 'role',
  arn: 'arn:aws:iam::000000000000:role/clean',
  accessKeyId: 'ASIACLEAN',
  secretAccessKey: 'secret',
};
const GROUP = '/pinflow/demo/clean';
let directory: string;
let logs: LogsService;
let lambda: LambdaService;
let denied: string[];
let faults: Faults;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  denied = [];
  faults = new Faults(() => {});
  logs = new LogsService({ file: join(directory, 'logs.sqlite'), account: '000000000000', region: 'us-east-1' });
  logs.store.putGroup(GROUP, null);
  lambda = new LambdaService({
    account: '000000000000',
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:4566',
    identities: { assume: () => ROLE },
    frontDoor: {
      authorize: (_: Caller, { action }: AccessRequest) => {
        if (denied.includes(action)) throw new ServiceError('AccessDeniedException', action);
      },
    },
    faults,
    logs,
    maxWorkers: 2,
  });
});

afterEach(async () => {
  faults.close();
  await lambda.close();
  logs.close();
  rmSync(directory, { recursive: true });
});

async function define(body: string, changes: Partial<FunctionDefinition> = {}, file = 'index.js'): Promise<void> {
  const bundle = mkdtempSync(join(directory, 'bundle-'));
  writeFileSync(join(bundle, file), body);
  await lambda.define({
    name: 'f',
    directory: bundle,
    handler: 'index.handler',
    roleArn: ROLE.arn,
    environment: { GREETING: 'hello' },
    timeoutSeconds: 60,
    memoryMb: 256,
    logGroup: GROUP,
    ...changes,
  });
}

async function invoke(event: unknown = {}) {
  const { payload, failed } = await lambda.invoke('f', JSON.stringify(event));
  return { failed, value: JSON.parse(payload) };
}

const logged = () => logs.store.events({ group: GROUP, limit: 100 }).map(({ message }) => message);

test('a handler gets its event, context and exactly the environment of Lambda', async () => {
  process.env['LEAK'] = 'host';
  await define(`exports.handler = async (event, context) => ({ event, env: process.env, context,
    left: context.getRemainingTimeInMillis() })`);
  const { value, failed } = await invoke({ a: 'ü' });
  delete process.env['LEAK'];
  expect(failed).toBe(false);
  expect(value.event).toEqual({ a: 'ü' });
  expect(value.left).toBeGreaterThan(30_000);
  expect(value.context).toMatchObject({ functionName: 'f', memoryLimitInMB: '256', logGroupName: GROUP });
  expect(value.env).toMatchObject({
    GREETING: 'hello',
    AWS_ACCESS_KEY_ID: 'ASIACLEAN',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    AWS_LAMBDA_FUNCTION_NAME: 'f',
    TZ: ':UTC',
  });
  expect(Object.keys(value.env).filter((name) => /LEAK|HOME|JEST|NODE_CHANNEL/.test(name))).toEqual([]);
});

test('a CommonJS bundle runs below a package of ES modules, an .mjs bundle too', async () => {
  writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
  await define('exports.handler = async () => require("node:os").EOL');
  expect(await invoke()).toEqual({ failed: false, value: '\n' });
  await define('export const handler = async () => 2', {}, 'index.mjs');
  expect(await invoke()).toEqual({ failed: false, value: 2 });
});

test('what a function prints is in its log between START and END, a message of two lines as one event', async () => {
  await define('exports.handler = async () => { console.log("one\\ntwo"); process.stdout.write("raw\\n") }');
  await invoke();
  await invoke();
  expect(logged()).toEqual([
    expect.stringMatching(/^START RequestId: \S+ Version: \$LATEST$/),
    expect.stringMatching(/^\S+Z\t\S+\tINFO\tone\ntwo$/),
    'raw',
    expect.stringMatching(/^END RequestId: \S+$/),
    expect.stringMatching(
      /^REPORT RequestId: .*Duration: .*Memory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: /,
    ),
    expect.stringMatching(/^START/),
    expect.any(String),
    'raw',
    expect.stringMatching(/^END/),
    expect.not.stringContaining('Init Duration'),
  ]);
});

test('a function that may not log runs without logs', async () => {
  denied = ['logs:PutLogEvents'];
  await define('exports.handler = async () => 1');
  expect(await invoke()).toEqual({ failed: false, value: 1 });
  expect(logged()).toEqual([]);
});

test('an error of the handler is a result with type, message and trace; the worker stays', async () => {
  await define(`let calls = 0;
    exports.handler = async (event) => { calls += 1; if (event.fail) throw new TypeError('no'); return calls }`);
  expect(await invoke({ fail: true })).toMatchObject({
    failed: true,
    value: { errorType: 'TypeError', errorMessage: 'no', trace: expect.arrayContaining([]) },
  });
  expect(await invoke()).toEqual({ failed: false, value: 2 });
});

test.each([
  ['a missing file', {}, 'elsewhere.js', 'Runtime.ImportModuleError'],
  ['a missing export', { handler: 'index.other' }, 'index.js', 'Runtime.HandlerNotFound'],
])('%s is reported as an error of the initialization', async (_, changes, file, errorType) => {
  await define('exports.handler = async () => 1', changes, file);
  expect(await invoke()).toMatchObject({ failed: true, value: { errorType } });
});

test('a module that throws while it loads fails each invocation', async () => {
  await define('throw new RangeError("bad start")');
  for (let i = 0; i < 2; i += 1) {
    expect(await invoke()).toMatchObject({
      failed: true,
      value: { errorType: 'RangeError', errorMessage: 'bad start' },
    });
  }
});

test('a timeout kills the worker, also one that blocks; the next invocation gets a new one', async () => {
  await define('exports.handler = async (event) => { while (event.block); return process.pid }', {
    timeoutSeconds: 0.4,
  });
  expect(await invoke({ block: true })).toEqual({
    failed: true,
    value: {
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 0.40 seconds$/),
    },
  });
  expect(logged()).toContainEqual(expect.stringContaining('Task timed out after 0.40 seconds'));
  // On a machine that is busy this one may take too long as well.
  let next = await invoke();
  for (let tries = 0; tries < 20 && next.value.errorType === 'Sandbox.Timedout'; tries += 1) next = await invoke();
  expect(next.failed).toBe(false);
});

test('memory is limited, on the heap and outside of it', async () => {
  await define(
    `exports.handler = async ({ buffers }) => {
      const kept = [];
      for (;;) {
        if (kept.length < 100) kept.push(buffers ? Buffer.alloc(8e6, 1) : new Array(1e5).fill({}).map(() => ({})));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }`,
    { memoryMb: 128 },
  );
  expect(await invoke({ buffers: true })).toMatchObject({
    failed: true,
    value: { errorType: 'Runtime.OutOfMemory', errorMessage: expect.stringContaining('signal: killed') },
  });
  expect(await invoke({ buffers: false })).toMatchObject({ failed: true, value: { errorType: 'Runtime.OutOfMemory' } });
});

test('an exit, a rejection nobody handles, and an exception outside the handler end the invocation', async () => {
  await define(`exports.handler = async ({ how }) => {
    if (how === 'exit') process.exit(3);
    if (how === 'reject') Promise.reject(new Error('lost'));
    else setImmediate(() => { throw new Error('stray') });
    await new Promise(() => setTimeout(() => {}, 1e6));
  }`);
  expect((await invoke({ how: 'exit' })).value).toMatchObject({
    errorType: 'Runtime.ExitError',
    errorMessage: expect.stringContaining('exit status 3'),
  });
  expect((await invoke({ how: 'reject' })).value).toMatchObject({ errorType: 'Runtime.UnhandledPromiseRejection' });
  expect((await invoke({ how: 'throw' })).value).toMatchObject({ errorType: 'Error', errorMessage: 'stray' });
});

const SLOW = 'exports.handler = async () => { await new Promise((r) => setTimeout(r, 150)); return process.pid }';

test('a worker keeps nothing of the invocations it has answered', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  await define('exports.handler = async () => "x".repeat(1e6)');
  await invoke();
  const before = used();
  for (let times = 0; times < 40; times += 1) await invoke();
  expect(used() - before).toBeLessThan(20e6);
});

test('invocations beyond the workers of this machine wait', async () => {
  await define(SLOW);
  const pids = await Promise.all(Array.from({ length: 4 }, async () => (await invoke()).value));
  expect(new Set(pids).size).toBe(2);
});

test('a stop kills the workers, and what waits for one is refused instead of starting another', async () => {
  const started = join(directory, 'started');
  const body = `
    require('node:fs').appendFileSync(${JSON.stringify(started)}, process.pid + '\\n');
    exports.handler = () => new Promise((r) => setTimeout(r, 60_000));`;
  await define(body, { timeoutSeconds: 60 });
  const outcomes = Promise.allSettled(Array.from({ length: 4 }, () => invoke()));
  const pids = () => (existsSync(started) ? readFileSync(started, 'utf8').trim().split('\n').map(Number) : []);
  while (pids().length < 2) await sleep(20);
  await lambda.close();
  const killed = { status: 'fulfilled', value: { failed: true } };
  const refused = { status: 'rejected', reason: { code: 'ServiceException' } };
  expect(await outcomes).toMatchObject([killed, killed, refused, refused]);
  expect(pids()).toHaveLength(2);
  expect(pids().filter((pid) => processIdentity(pid) !== undefined)).toEqual([]);
});

test('a function that is stopped by a reserved concurrency of 0 runs again once that is taken away', async () => {
  await define('exports.handler = async () => 1');
  lambda.reserve('f', 0);
  expect([lambda.reserved('f'), lambda.reservedConcurrency]).toEqual([0, 0]);
  await expect(invoke()).rejects.toMatchObject({ code: 'TooManyRequestsException' });
  lambda.reserve('f', undefined);
  expect(await invoke()).toEqual({ failed: false, value: 1 });
});

test('a fault makes a function fail without running it, has it begin late, or its invocation refused', async () => {
  await define('exports.handler = async () => { console.log("ran") }');
  faults.start('lambda:invocation-error');
  expect(await invoke()).toMatchObject({ failed: true, value: { errorType: 'InvocationError' } });
  expect(logged().join()).toMatch(/ERROR\tInvoke Error\t\{"errorType":"InvocationError".*Status: error/);
  expect(logged().join()).not.toContain('ran');
  faults.stop('lambda:invocation-error');
  faults.start('lambda:invocation-add-delay', { delayMs: 300, target: 'f' });
  const start = performance.now();
  expect(await invoke()).toMatchObject({ failed: false });
  expect(performance.now() - start).toBeGreaterThan(290);
  faults.start('lambda:inject-api-internal-error', { target: 'f' });
  await expect(lambda.begin('f', '{}')).rejects.toMatchObject({ code: 'ServiceException', status: 500 });
});

test('invocations beyond the reserved concurrency are refused', async () => {
  await define(SLOW, { reservedConcurrency: 1 });
  const outcomes = await Promise.allSettled([invoke(), invoke()]);
  expect(outcomes[0]).toMatchObject({ status: 'fulfilled' });
  expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { code: 'TooManyRequestsException' } });
});
