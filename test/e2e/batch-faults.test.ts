import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteCommand, PutCommand, paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Raw } from '../../cli/accounting/raw.ts';
import { readPointer } from '../../cli/batch/run.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { ALARMS, type AlarmName } from '../../lib/monitoring/alarm-settings.ts';
import type { Template } from '../../local/template/assembly.ts';
import { metricId } from '../../model/counters/keys.ts';
import { metrics } from '../../model/metrics/index.ts';
import { rawKey } from '../../model/raw-line.ts';
import type { RefereeReport } from '../../model/referee/report.ts';
import type { LogRecord } from '../../model/rows.ts';
import { BatchRuntime } from './batch/batch-runtime.ts';
import { childrenOf } from './failure/child-runtime.ts';
import { type State, shortAlarms, untilAlarms } from './faults/alarms.ts';
import { CAUSED, thereAndBack } from './faults/causes.ts';
import { CommandLine } from './faults/command-line.ts';

/** Each alarm of the batch path: the fault, then what its runbook says. The tests build on each other, in their order. */
const limitMs = 900_000;
/**
 * Nobody fills the disk, the heap or the processors of the machine that runs tests: these alarms are told of what there
 * is, until they are deployed with their own thresholds.
 */
const MACHINE = ['broker-disk', 'broker-cpu', 'broker-heap'] as const;
const OF_NOTHING = { threshold: 0 };
const counted = metrics.find(({ name }) => name === 'posts-by-category')!;
const context = {
  batchPath: 'on',
  topicsFeedSpeed: 'on',
  canary: 'on',
  ...shortAlarms({
    'broker-disk': OF_NOTHING,
    'broker-cpu': OF_NOTHING,
    'broker-heap': OF_NOTHING,
    'topic-lag': { threshold: 5 },
    'connector-idle': { threshold: 5 },
    // What comes once a minute.
    'batch-freshness': { period: 30, threshold: 1 },
    canary: { period: 30 },
    'dead-letters': { period: 30 },
  }),
};
let root: string;
let under: BatchRuntime;
let line: CommandLine;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow batch faults '));
  take(await BatchRuntime.start(root, { context, hasConsole: true }));
}, limitMs);
afterAll(async () => {
  await under?.stop();
  rmSync(root, { recursive: true, force: true });
}, limitMs);

function take(runtime: BatchRuntime): void {
  under = runtime;
  const { endpoint, awsConfig } = runtime.runtime;
  line = new CommandLine({ endpoint, awsConfig, stateDir: runtime.stateDir });
}

const until = (state: State, ...names: AlarmName[]): Promise<void> =>
  untilAlarms(under.clients.cloudwatch, names, state, { limitMs: 300_000 });

/** Through both doors. */
const post = (seed: number): Promise<void> => under.post(syntheticPosts({ seed, count: 12, dirty: 0, duplicates: 0 }));

const objectsOfTopics = ({ pin }: Raw) => pin.filter(({ records }) => records[0]?.source === 'kafka');

/** With which objects the connector will go on: one for each partition. */
function nextKeys(raw: Raw): string[] {
  const last = new Map<string, LogRecord>();
  for (const record of objectsOfTopics(raw).flatMap(({ records }) => records)) {
    const known = last.get(record.partition);
    if (known === undefined || BigInt(record.offset) > BigInt(known.offset)) last.set(record.partition, record);
  }
  return [...last.values()].map((record) =>
    rawKey('pin', {
      ...record,
      offset: String(BigInt(record.offset) + 1n),
      arrivalMs: Date.now(),
      key: null,
      value: null,
    }),
  );
}

/** An object that has one before it and one after it in its partition. */
function keyInTheMiddle(raw: Raw): string {
  const chains = Map.groupBy(objectsOfTopics(raw), ({ records }) => records[0]!.partition);
  const [, middle] = [...chains.values()].find((objects) => objects.length > 2)!;
  return middle!.key;
}

/** Deploys alarms with other thresholds: the templates are changed, and run from the next start on. */
function setThresholds(assembly: string, thresholds: Partial<Record<AlarmName, number>>): void {
  const file = join(assembly, 'pinflow-demo-monitoring.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
  for (const [name, Threshold] of Object.entries(thresholds)) {
    const alarm = Object.values(template.Resources).find(
      ({ Properties }) => Properties?.['AlarmName'] === `pinflow-demo-${name}`,
    )!;
    Object.assign(alarm.Properties!, { Threshold });
  }
  writeFileSync(file, JSON.stringify(template));
}

/** What `aws lambda invoke` shows of the canary, whose checks may take some rounds until there is a post to look for. */
async function untilCanaryMisses(...checks: string[]): Promise<void> {
  const file = join(root, 'canary.json');
  const missed = new Set<string>();
  for (const end = Date.now() + 240_000; checks.some((check) => !missed.has(check)); await sleep(2_000)) {
    await line.aws('lambda', 'invoke', '--function-name', 'pinflow-demo-canary', file);
    const said = readFileSync(file, 'utf8');
    for (const [, check] of said.matchAll(/"(landed|inSilver)":/g)) missed.add(check!);
    if (Date.now() > end) throw new Error(`The canary misses ${[...missed]} only; it says ${said}`);
  }
}

test(
  'while Connect is down topics lag, and the connector is idle; started again it goes on',
  async () => {
    for (const seed of [1, 2, 3]) {
      await post(seed);
      // Longer than the flush time, so that these are objects of their own.
      await sleep(2_500);
    }
    await under.landed();
    const outage = async () => {
      await line.engine('stop', 'connect');
      await post(4);
      await until('ALARM', 'topic-lag', 'connector-idle');
      await line.engine('start', 'connect');
      await until('OK', 'topic-lag', 'connector-idle');
    };
    const [run] = await Promise.all([under.run(), outage(), until('ALARM', ...MACHINE)]);
    expect(run).toMatchObject({ outcome: 'changed' });
  },
  limitMs,
);

test(
  'an object that is not ours stops the task of the connector, and the clean job; elsewhere it stops nobody',
  async () => {
    const keys = nextKeys(await under.landed());
    const { rawBucket: Bucket } = under.batch;
    for (const Key of keys) {
      await under.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: gzipSync('not a line of ours\n') }));
    }
    await post(5);
    // Meanwhile the brokers are down, which no run needs.
    const outage = async () => {
      await until('ALARM', 'connector-tasks');
      await line.engine('stop', 'kafka');
      await until('ALARM', 'broker-controller', 'broker-offline-partitions');
      await line.engine('start', 'kafka');
      await until('OK', 'broker-controller', 'broker-offline-partitions');
    };
    const [run] = await Promise.all([
      under.run(),
      outage(),
      until('ALARM', 'run-failed', 'job-failed-tasks', 'batch-freshness'),
    ]);
    expect(run).toMatchObject({ outcome: 'failed', cause: expect.stringContaining('RawLineError: demo.pin+') });
    const errors = ['filter-log-events', '--log-group-name', '/pinflow/demo/sink', '--filter-pattern', 'ERROR'];
    expect(await line.aws('logs', ...errors, '--query', 'events[].[message]', '--output', 'text')).toContain(
      'does not say where it ends',
    );

    for (const key of keys) await line.aws('s3', 'mv', `s3://${Bucket}/${key}`, `s3://${Bucket}/elsewhere/`);
    // As old as what readers see is by now: only another run makes it younger.
    const age = Math.floor((Date.now() - (await readPointer(under.clients, under.batch))!.watermark) / 1_000);
    const own = Object.fromEntries(MACHINE.map((name) => [name, ALARMS[name].settings.threshold]));
    setThresholds(under.assembly, { ...own, 'batch-freshness': age });
    take(await under.restarted());
    await until('OK', 'connector-tasks', ...MACHINE);
    await under.landed();
  },
  limitMs,
);

test(
  'a deleted object of raw is loss, a changed counter drift, a change that is none waits; all end once they are restored',
  async () => {
    const { rawBucket } = under.batch;
    const key = keyInTheMiddle(await under.landed());
    await line.aws('s3', 'rm', `s3://${rawBucket}/${key}`);
    await falsifyCounter();
    await changeUnreadably();
    expect(await under.run()).toMatchObject({ outcome: 'changed' });
    await until('ALARM', 'loss', 'drift', 'dead-letters');
    await until('OK', 'batch-freshness');

    const versions = ['--bucket', rawBucket, '--prefix', key, '--query', 'DeleteMarkers[?IsLatest].VersionId'];
    const marker = await line.aws('s3api', 'list-object-versions', ...versions, '--output', 'text');
    await line.aws('s3api', 'delete-object', '--bucket', rawBucket, '--key', key, '--version-id', marker);
    expect(await line.pinflow('rebuild')).toMatchObject({ code: 0 });
    const { said } = await line.pinflow('compare', '--all', '--json');
    expect(JSON.parse(said) as RefereeReport).toMatchObject({ missingOffsets: 0, drift: 0 });
    await until('OK', 'loss', 'drift', 'dead-letters');
  },
  limitMs,
);

/** What only somebody's hand writes into the table of posts, and takes away again. */
async function changeUnreadably(): Promise<void> {
  const { clients, names } = under;
  const TableName = names.postsTable;
  await clients.dynamodb.send(new PutCommand({ TableName, Item: { ind: 9_000_001, pin: 'no part of a post' } }));
  await clients.dynamodb.send(new DeleteCommand({ TableName, Key: { ind: 9_000_001 } }));
}

async function falsifyCounter(): Promise<void> {
  const { clients, names } = under;
  for await (const { Items = [] } of paginateScan({ client: clients.dynamodb }, { TableName: names.countersTable })) {
    const counter = Items.find(({ pk, v }) => v !== undefined && String(pk).startsWith(metricId(counted)));
    if (counter === undefined) continue;
    const Key = { pk: counter['pk'], sk: counter['sk'] };
    const change = { UpdateExpression: 'ADD v :more', ExpressionAttributeValues: { ':more': 5 } };
    await clients.dynamodb.send(new UpdateCommand({ TableName: names.countersTable, Key, ...change }));
    return;
  }
  throw new Error('There is no counter of posts by category');
}

test(
  'without S3 the canary does not land and is not in silver; with it again all that was taken is there',
  async () => {
    // A canary that has seen the run does not look again.
    for (const { pid, command } of childrenOf(process.pid)) {
      if (command.includes('worker.mjs')) process.kill(pid, 'SIGKILL');
    }
    await line.engine('stop', 'ministack');
    await post(6);
    await untilCanaryMisses('landed', 'inSilver');
    await until('ALARM', 'canary');
    await line.engine('start', 'ministack');
    await under.landed();
    await until('OK', 'canary', 'topic-lag');

    const { code, said } = await line.pinflow('account', '--wait', '60');
    expect(code === 0 ? '' : said).toBe('');
    const { cloudwatch } = under.clients;
    expect(await thereAndBack(cloudwatch, CAUSED['batch-faults'])).toEqual(CAUSED['batch-faults']);
  },
  limitMs,
);
