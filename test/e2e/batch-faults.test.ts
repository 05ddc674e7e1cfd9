import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteCommand, PutCommand, paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Raw } from '../../cli/accounting/raw.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { ALARMS, type AlarmName } from '../../lib/monitoring/alarm-settings.ts';
import type { Template } from '../../local/template/assembly.ts';
import { metricId } from '../../model/counters/keys.ts';
import { metrics } from '../../model/metrics/index.ts';
import { rawKey } from '../../model/raw-line.ts';
import type { LogRecord } from '../../model/rows.ts';
import { BatchRuntime } from './batch/batch-runtime.ts';
import { childrenOf } from './failure/child-runtime.ts';
import { type State, shortAlarms, untilAlarms } from './faults/alarms.ts';
import { CAUSED, thereAndBack } from './faults/causes.ts';
import { Commands } from './faults/commands.ts';
import { Heartbeat } from './faults/heartbeat.ts';

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
    // It is asked by hand, and by its schedule.
    canary: { period: 30 },
  }),
};
const FAILED_EXECUTIONS = `aws stepfunctions list-executions --state-machine-arn ARN --status-filter FAILED --max-items 1 \\
  --query 'executions[].[stopDate,executionArn]' --output text`;
const WHY_IT_FAILED = `aws stepfunctions describe-execution --execution-arn EXECUTION --query '[error,cause]' --output text`;
const logOf = (
  group: string,
  pattern: string,
) => `aws logs filter-log-events --log-group-name ${group} --filter-pattern ${pattern} \\
  --start-time $(($(date +%s) - 1800))000 --query 'events[].[message]' --output text`;
const DELETED_OBJECTS = `aws s3api list-object-versions --bucket BUCKET --prefix raw/ --query 'DeleteMarkers[?IsLatest].[Key,VersionId]' --output text`;
const RESTORE = 'aws s3api delete-object --bucket BUCKET --key KEY --version-id VERSION';
let root: string;
let under: BatchRuntime;
let commands: Commands;
let heartbeat: Heartbeat | undefined;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow batch faults '));
  take(await BatchRuntime.start(root, { context, hasConsole: true }));
  heartbeat = new Heartbeat(() => under.clients.lambda, ['observe']);
}, limitMs);
afterAll(async () => {
  await heartbeat?.stop();
  await under?.stop();
  rmSync(root, { recursive: true, force: true });
}, limitMs);

function take(runtime: BatchRuntime): void {
  under = runtime;
  commands = new Commands({ ...runtime.runtime, scratch: join(root, 'shell'), stateDir: runtime.stateDir });
}

const until = (state: State, ...names: AlarmName[]): Promise<void> =>
  untilAlarms(under.clients.cloudwatch, names, state, { limitMs: 300_000 });

/** Through both doors. */
const post = (seed: number): Promise<void> => under.post(syntheticPosts({ seed, count: 12, dirty: 0, duplicates: 0 }));

const objectsOfTopics = ({ pin }: Raw) => pin.filter(({ records }) => records[0]?.source === 'kafka');

/** With which objects the connector will go on: one for each partition, and another one in case a new day begins. */
function nextKeys(raw: Raw): string[] {
  const last = new Map<string, LogRecord>();
  for (const record of objectsOfTopics(raw).flatMap(({ records }) => records)) {
    const known = last.get(record.partition);
    if (known === undefined || BigInt(record.offset) > BigInt(known.offset)) last.set(record.partition, record);
  }
  const keys = [...last.values()].flatMap((record) =>
    [0, limitMs].map((laterMs) =>
      rawKey('pin', {
        ...record,
        offset: String(BigInt(record.offset) + 1n),
        arrivalMs: Date.now() + laterMs,
        key: null,
        value: null,
      }),
    ),
  );
  return [...new Set(keys)];
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

/** As if no run had ended well for so many days. */
async function ageRun(days: number): Promise<void> {
  const change = {
    UpdateExpression: 'SET pointer.watermark = :then',
    ExpressionAttributeValues: { ':then': Date.now() - days * 86_400_000 },
  };
  const { clients, batch } = under;
  await clients.dynamodb.send(new UpdateCommand({ TableName: batch.runsTable, Key: { id: 'batch' }, ...change }));
}

/** As if it had failed after a run. */
async function failReferee(): Promise<void> {
  const command = 'aws lambda invoke --function-name pinflow-demo-referee /dev/stdout';
  const invoke = () => commands.follow('referee-failed', 'How to look', command);
  await commands.run('npm run fault -- start lambda:invocation-error --target pinflow-demo-referee');
  expect(await invoke()).toContain('InvocationError');
  await until('ALARM', 'referee-failed');
  await commands.run('npm run fault -- stop all');
  expect(await invoke()).toContain('"missingOffsets"');
  await until('OK', 'referee-failed');
}

const askCanary = (): Promise<string> =>
  commands.follow('canary', 'How to look', 'aws lambda invoke --function-name pinflow-demo-canary /dev/stdout');

/** Some checks of the canary take some rounds until there is a post to look for. */
async function untilCanaryMisses(...checks: string[]): Promise<void> {
  const missed = new Set<string>();
  for (const end = Date.now() + 240_000; checks.some((check) => !missed.has(check)); await sleep(2_000)) {
    const said = await askCanary();
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
      await commands.run('npm run engine -- stop connect');
      await post(4);
      await until('ALARM', 'topic-lag', 'connector-idle');
      expect(await commands.follow('topic-lag', 'How to fix', 'npm run engine -- list')).toContain(
        'connect is stopped',
      );
      await commands.follow('topic-lag', 'How to fix', 'npm run engine -- start connect');
      await until('OK', 'topic-lag', 'connector-idle');
    };
    const [run] = await Promise.all([under.run(), outage(), until('ALARM', ...MACHINE)]);
    expect(run).toMatchObject({ outcome: 'changed' });
    await failReferee();
    await ageRun(8);
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
      await commands.run('npm run engine -- stop kafka');
      await until('ALARM', 'broker-controller', 'broker-offline-partitions');
      await commands.follow('broker-controller', 'How to fix', 'npm run engine -- start kafka');
      await until('OK', 'broker-controller', 'broker-offline-partitions');
    };
    const [run] = await Promise.all([
      under.run(),
      outage(),
      until('ALARM', 'run-failed', 'job-failed-tasks', 'batch-freshness'),
    ]);
    expect(run).toMatchObject({ outcome: 'failed', cause: expect.stringContaining('RawLineError: demo.pin+') });
    const { machineArn } = under.batch;
    const executions = await commands.follow('run-failed', 'How to look', FAILED_EXECUTIONS, {
      change: { ARN: machineArn },
    });
    const [EXECUTION = ''] = /arn:aws:states:\S+/.exec(executions) ?? [];
    expect(await commands.follow('run-failed', 'How to look', WHY_IT_FAILED, { change: { EXECUTION } })).toContain(
      'RawLineError: demo.pin+',
    );
    const ofJob = logOf('/pinflow/demo/clean-job/error', `'?ERROR ?RawLineError'`);
    expect(await commands.follow('job-failed-tasks', 'How to look', ofJob)).toContain('RawLineError: demo.pin+');
    const ofSink = logOf('/pinflow/demo/sink', 'ERROR');
    expect(await commands.follow('connector-tasks', 'How to look', ofSink)).toContain('does not say where it ends');

    for (const KEY of keys) {
      const change = { BUCKET: Bucket, KEY };
      await commands.follow('connector-tasks', 'How to fix', 'aws s3 mv s3://BUCKET/KEY s3://BUCKET/elsewhere/', {
        change,
      });
    }
    setThresholds(under.assembly, Object.fromEntries(MACHINE.map((name) => [name, ALARMS[name].settings.threshold])));
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
    await commands.run(`aws s3 rm s3://${rawBucket}/${key}`);
    await falsifyCounter();
    await changeUnreadably();
    expect(await under.run()).toMatchObject({ outcome: 'changed' });
    await until('ALARM', 'loss', 'drift', 'dead-letters');
    await until('OK', 'batch-freshness');

    const ofReferee = logOf('/pinflow/demo/referee', 'missingOffsets');
    expect(await commands.follow('loss', 'How to look', ofReferee)).toMatch(/"missingOffsets":[1-9]/);
    const deleted = await commands.follow('loss', 'How to fix', DELETED_OBJECTS, { change: { BUCKET: rawBucket } });
    const marker = deleted
      .split('\n')
      .find((line) => line.startsWith(key))!
      .split('\t')[1]!;
    const change = { BUCKET: rawBucket, KEY: key, VERSION: marker };
    await commands.follow('loss', 'How to fix', RESTORE, { change });
    await commands.follow('drift', 'How to fix', 'npm run rebuild -- --metric NAME', {
      change: { NAME: counted.name },
    });
    await commands.follow('dead-letters', 'How to fix', 'npm run rebuild');
    await commands.follow('drift', 'How to fix', 'npm run compare');
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
    await commands.run('npm run engine -- stop ministack');
    // A canary that has seen the run does not look again. Not before: its schedule would show the run to the next one.
    for (const { pid, command } of childrenOf(process.pid)) {
      if (command.includes('worker.mjs')) process.kill(pid, 'SIGKILL');
    }
    await post(6);
    await untilCanaryMisses('landed', 'inSilver');
    await until('ALARM', 'canary');
    await commands.follow('canary', 'How to fix', 'npm run engine -- start ministack');
    await under.landed();
    await askCanary();
    await until('OK', 'canary', 'topic-lag');

    await commands.run('npm run account -- --wait 240');
    const { cloudwatch } = under.clients;
    expect(await thereAndBack(cloudwatch, CAUSED['batch-faults'])).toEqual(CAUSED['batch-faults']);
  },
  limitMs,
);
