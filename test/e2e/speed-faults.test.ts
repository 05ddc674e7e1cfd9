import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { settledAccount } from '../../cli/accounting/account.ts';
import { deployedNames } from '../../cli/accounting/deployed-names.ts';
import { type Clients, clientsAt } from '../../cli/aws.ts';
import { consoleOf } from '../../cli/console/at-start.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { emulate } from '../../cli/emulator/emulate.ts';
import { feedNames } from '../../cli/emulator/posts.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { synthesize } from '../../cli/synth.ts';
import type { CanaryReport } from '../../lambda/monitoring/canary/canary.ts';
import type { AlarmName } from '../../lib/monitoring/alarm-settings.ts';
import { type Runtime, startRuntime } from '../../local/start.ts';
import { pythonPath } from '../../setup/paths.mjs';
import { shortAlarms, untilAlarms } from './faults/alarms.ts';
import { CAUSED, thereAndBack } from './faults/causes.ts';
import { Commands } from './faults/commands.ts';
import { Heartbeat } from './faults/heartbeat.ts';

/** Faults of the door and of the speed layer: each alarm goes off, its runbook is followed, and it ends. */
const caused = CAUSED['speed-faults'];
const limitMs = 900_000;
/** For an alarm to change: seconds, but on a busy machine. */
const ALARM_LIMIT_MS = 300_000;
const own = (name: string) => `pinflow-demo-${name}`;

let root: string;
let runtime: Runtime;
let clients: Clients;
let commands: Commands;
const told: string[] = [];
const send = httpDoor();
let heartbeat: Heartbeat | undefined;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow faults '));
  const { directory } = await synthesize(join(root, 'synth'), {
    batchPath: 'off',
    canary: 'on',
    ...shortAlarms({
      'stream-lag': { threshold: 5_000 },
      'function-lag': { threshold: 5_000 },
      'live-freshness': { threshold: 20 },
    }),
  });
  fewerRetries(join(directory, 'pinflow-demo-speed.template.json'));
  const stateDir = join(root, 'state');
  runtime = await startRuntime({
    assembly: directory,
    stateDir,
    python: pythonPath(),
    port: 0,
    apiPort: 0,
    console: consoleOf('demo', 0),
    log: (line) => told.push(line),
  });
  clients = clientsAt(runtime.endpoint);
  commands = new Commands({ ...runtime, scratch: join(root, 'shell'), stateDir });
  heartbeat = new Heartbeat(() => clients.lambda, ['observe', 'canary']);
}, limitMs);

afterAll(async () => {
  runtime?.faults.close();
  await heartbeat?.stop();
  send.close();
  clients?.close();
  await runtime?.stop();
  rmSync(root, { recursive: true, force: true });
}, limitMs);

/** A batch that fails is given up after seconds, not after a minute. */
function fewerRetries(file: string): void {
  const template = readFileSync(file, 'utf8');
  expect(template).toContain('"MaximumRetryAttempts": 10');
  writeFileSync(file, template.replaceAll('"MaximumRetryAttempts": 10', '"MaximumRetryAttempts": 3'));
}

const fault = (order: string) => commands.run(`npm run fault -- ${order}`);

async function post(run: { readonly seed: number; readonly count: number; readonly dirty: number }): Promise<void> {
  await emulate({
    url: `${runtime.apiUrl}/prod`,
    deployment: 'demo',
    posts: syntheticPosts({ ...run, duplicates: 0 }),
    send,
    threads: 2,
    retry: { attempts: 60, firstDelayMs: 100, longestDelayMs: 500 },
  });
}

/** Causes what is told again and again until each alarm has gone off. */
async function untilAlarmed(names: readonly AlarmName[], cause: () => Promise<unknown>): Promise<void> {
  const alarmed = untilAlarms(clients.cloudwatch, names, 'ALARM', { limitMs: ALARM_LIMIT_MS });
  let waits = true;
  alarmed.then(
    () => (waits = false),
    () => (waits = false),
  );
  while (waits) await Promise.all([cause(), sleep(1_000)]);
  await alarmed;
}

/** Types what runbooks say, while their alarms are on, and expects what they are about. */
async function look(expected: Partial<Readonly<Record<AlarmName, RegExp>>>): Promise<void> {
  const { quarantineBucket: BUCKET } = await deployedNames(clients, 'demo');
  // Without a batch path there are no archive function and no daily run; the canary was run by hand before.
  const without = /archive|daily|URL|lambda invoke/;
  for (const [article, shown] of Object.entries(expected) as [AlarmName, RegExp][]) {
    const printed = await commands.look(article, { change: { BUCKET, NAME: 'aggregate' }, without });
    expect(printed).toMatch(shown);
    expect(printed).not.toMatch(/An error occurred|^usage:/m);
  }
}

const untilOk = (names: readonly AlarmName[]) =>
  untilAlarms(clients.cloudwatch, names, 'OK', { limitMs: ALARM_LIMIT_MS });

test(
  'no alarm is on, and the canary finds its post stored and answered',
  async () => {
    // By then every function on its way has been started.
    await untilOk(caused);
    const said = await commands.follow(
      'canary',
      'How to look',
      `aws lambda invoke --function-name ${own('canary')} /dev/stdout`,
    );
    const report: CanaryReport = JSON.parse(said.slice(0, said.indexOf('}{') + 1) || said);
    expect(report).toMatchObject({ ind: expect.any(Number), failed: {}, postedToStoredMs: expect.any(Number) });
  },
  limitMs,
);

test(
  'a hot key, bad rows, slow answers, tables that refuse, and a start that is given up',
  async () => {
    const names: AlarmName[] = [
      'stream-throttles',
      'quarantine-rate',
      'api-latency',
      'table-throttles',
      'table-errors',
      'schedule-dropped',
    ];
    await fault(`start lambda:invocation-add-delay --target ${own('query')}`);
    await fault(`start dynamodb:inject-api-throttle-error --target ${own('counters')} --share 0.2`);
    await fault(`start dynamodb:inject-api-internal-error --target ${own('posts')} --share 0.2`);
    await fault(`start lambda:inject-api-internal-error --target ${own('observe')}`);
    const Records = Array.from({ length: 3 }, () => ({ Data: Buffer.alloc(600_000, 'x'), PartitionKey: 'hot' }));
    await clients.kinesis.send(new PutRecordsCommand({ StreamName: 'streaming-demo-geo', Records }));
    let seed = 0;
    await untilAlarmed(names, () =>
      Promise.all([
        post({ seed: ++seed, count: 3, dirty: 1 }),
        ...Array.from({ length: 3 }, () => fetch(`${runtime.apiUrl}/prod/questions/recent_errors`)),
        runtime.scheduler.runNow(own('observe')),
      ]),
    );
    await look({
      'stream-throttles': /"OpenShardCount": 2/,
      'quarantine-rate': /geo/,
      'api-latency': /"latencyMs":"\d{4}/,
      'table-throttles': /"Sum": [1-9]/,
      'table-errors': /"Sum": [1-9]/,
      'schedule-dropped': /"Name": "pinflow-demo-observe"/,
    });
    await fault('stop all');
    await post({ seed: 99, count: 5, dirty: 0 });
    await untilOk(names);
  },
  limitMs,
);

test(
  'a function that may not run, and one that is slow: answers get old, and the canary tells',
  async () => {
    const names: AlarmName[] = ['function-throttles', 'function-lag', 'stream-lag', 'live-freshness', 'canary'];
    await fault(`start lambda:invocation-add-delay --target ${own('clean')} --delay 8000`);
    await commands.run(
      `aws lambda put-function-concurrency --function-name ${own('aggregate')} --reserved-concurrent-executions 0`,
    );
    let seed = 100;
    await untilAlarmed(names, async () => {
      // The second waits for the first to be cleaned, and no younger one hides its age.
      await post({ seed: ++seed, count: 1, dirty: 0 });
      await sleep(1_000);
      await post({ seed, count: 1, dirty: 0 });
      await sleep(10_000);
    });
    await look({
      'function-throttles': /"ReservedConcurrentExecutions": 0/,
      'function-lag': /START/,
      'stream-lag': /START/,
      'live-freshness': /"LiveFreshness":\d/,
      canary: /"answered":"Live answers count changes up to/,
    });
    await fault('stop all');
    await commands.follow(
      'function-throttles',
      'How to fix',
      `aws lambda delete-function-concurrency --function-name ${own('NAME')}`,
      { change: { NAME: 'aggregate' } },
    );
    await untilOk(names);
  },
  limitMs,
);

test(
  'a stream that fails, and a function that fails: senders try again, and what was given up is redriven',
  async () => {
    const names: AlarmName[] = ['api-errors', 'function-errors', 'dead-letters'];
    await fault('start kinesis:inject-api-internal-error --share 0.5');
    await fault(`start lambda:invocation-error --target ${own('clean')}`);
    let seed = 200;
    await untilAlarmed(names, () => post({ seed: ++seed, count: 1, dirty: 0 }));
    expect(await fault('list')).toMatch(/lambda:invocation-error .* on all calls, for pinflow-demo-clean, it met \d+/);
    await look({
      'api-errors': /"status":"503"/,
      'function-errors': /InvocationError/,
      'dead-letters': /rows are in batches that were given up.*\/shardId-/s,
    });
    await fault('stop all');
    // Until then a batch may still be given up.
    await untilOk(['function-errors']);
    await commands.follow('dead-letters', 'How to fix', 'npm run redrive');
    await untilOk(caused);
  },
  limitMs,
);

test(
  'nothing that was accepted is lost, and every alarm went there and back',
  async () => {
    await heartbeat!.stop();
    const names = await deployedNames(clients, 'demo');
    const account = await settledAccount(clients, names, { waitMs: 300_000 });
    for (const feed of feedNames) expect(account[feed]).toMatchObject({ missing: 0, parked: 0 });
    expect(await thereAndBack(clients.cloudwatch, caused)).toEqual(caused);
    expect(told.filter((line) => /^The fault/.test(line)).length).toBeGreaterThan(10);
  },
  limitMs,
);
