import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Account } from '../../cli/accounting/account.ts';
import { httpDoor, recordBody } from '../../cli/emulator/door.ts';
import type { LoggedAnswer, SentPost } from '../../cli/emulator/emulate.ts';
import { feedNames, syntheticPost } from '../../cli/emulator/posts.ts';
import { randomFor } from '../../cli/emulator/random.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { synthesize } from '../../cli/synth.ts';
import type { Template } from '../../local/template/assembly.ts';
import { ChildRuntime, freePorts, isAlive, occupy } from './failure/child-runtime.ts';

/** What breaks, when: the same seed breaks the same things at the same answers. */
const seed = Number(process.env['FAILURE_SEED'] ?? 20_261);
const limitMs = 600_000;
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
let root: string;
let assembly: string;
let runtime: ChildRuntime;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow failure '));
  ({ directory: assembly } = await synthesize(join(root, 'synth'), { batchPath: 'off' }));
}, limitMs);
afterEach(() => runtime.stop(), limitMs);
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

async function child(name: string, directory = assembly): Promise<ChildRuntime> {
  const [port, apiPort] = (await freePorts(2)) as [number, number];
  runtime = new ChildRuntime({ assembly: directory, stateDir: join(root, name), port, apiPort });
  return runtime;
}

/** A copy of the assembly with another speed stack. */
function changed(name: string, change: (template: Template, directory: string) => void): string {
  const directory = join(root, `${name}.out`);
  cpSync(assembly, directory, { recursive: true });
  const file = join(directory, 'pinflow-demo-speed.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
  change(template, directory);
  writeFileSync(file, JSON.stringify(template));
  return directory;
}

const propertiesOf = (template: Template, type: string): Record<string, unknown>[] =>
  Object.values(template.Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties as Record<string, unknown>);

/** Every record that was answered with 200 is in the log, and every row of the log has its fate. */
function expectNothingLost(account: Account, answers: readonly LoggedAnswer[]): void {
  for (const feed of feedNames) {
    const taken = answers.filter((answer) => answer.feed === feed && answer.status === 200);
    const stream = `kinesis/streaming-demo-${feed}`;
    const lost = taken.filter((one) => !account[feed].places.has(`${stream}/${one.shardId}/${one.sequenceNumber}`));
    expect({ seed, feed, lost, missing: account[feed].missingRows }).toEqual({ seed, feed, lost: [], missing: [] });
  }
}

test(
  'the runtime, a worker and the S3 engine are killed in the middle of traffic: nothing is lost, nobody helps',
  async () => {
    const under = await child('killed');
    await under.start();
    const random = randomFor(seed, 'schedule');
    const at = [30, 90, 150, 210].map((first) => first + random.number.int(30));
    const breaks: (() => Promise<void> | void)[] = [
      () => {
        for (const pid of under.workers()) killIfThere(pid);
      },
      () => void process.kill(under.engine()!, 'SIGKILL'),
      async () => {
        await under.kill();
        await under.start();
      },
      () => void process.kill(under.engine()!, 'SIGKILL'),
    ];
    // One after the other: what is broken next has come back from what was broken before.
    const broken: Promise<void>[] = [];
    let isWhole = true;
    let answered = 0;
    /** Those after the last break's turn wait for what is broken, so that there is traffic to break in. */
    async function* posts(): AsyncGenerator<SentPost> {
      for (const post of syntheticPosts({ seed, count: 100, dirty: 0.4, duplicates: 0.1 })) {
        if (answered >= at.at(-1)!) await broken.at(-1);
        yield post;
      }
    }
    const answers = await under.post(posts(), (count) => {
      answered = count;
      if (!isWhole || count < (at[broken.length] ?? Number.POSITIVE_INFINITY)) return;
      isWhole = false;
      const back = async () => {
        await breaks[broken.length]!();
        isWhole = true;
      };
      broken.push(back());
    });
    expect(broken).toHaveLength(breaks.length);
    await Promise.all(broken);
    const account = await under.settled();
    expectNothingLost(account, answers);
    for (const feed of feedNames) expect(account[feed].quarantined).toBeGreaterThan(0);

    // Once more at rest: what was told as stored is on the disk.
    await under.kill();
    await under.start();
    expectNothingLost(await under.settled(), answers);
  },
  limitMs,
);

test(
  'a handler that hangs, one that eats its memory, and records that are no rows do not hold their shard up',
  async () => {
    const faults = join(root, 'faults');
    const faulty = changed('faulty', (template, directory) => {
      for (const properties of propertiesOf(template, 'AWS::Lambda::Function')) {
        // Enough for rows that do not hang, on a busy machine too.
        Object.assign(properties, { Timeout: 5 });
        sabotage(
          join(directory, `asset.${(properties['Code'] as { S3Key: string }).S3Key.replace('.zip', '')}`),
          faults,
        );
      }
      for (const properties of propertiesOf(template, 'AWS::Lambda::EventSourceMapping')) {
        // The change stream is read until it is counted, without a limit.
        if ('MaximumRetryAttempts' in properties) Object.assign(properties, { MaximumRetryAttempts: 1 });
      }
    });
    const under = await child('faulty', faulty);
    await under.start();
    const { streams, quarantineBucket } = await under.names();
    const put = (data: string | Uint8Array, PartitionKey = 'same') =>
      under.clients.kinesis.send(
        new PutRecordCommand({ StreamName: streams.pin, PartitionKey, Data: Buffer.from(data) }),
      );
    const row = (index: number, title: string) => JSON.stringify({ ...syntheticPost(seed, index).pin, title });
    await put('no JSON at all');
    await put(new Uint8Array(1_000_000).fill(0xff));
    await put(row(1, 'EATS MEMORY ONCE'));
    const hanging = await put(row(2, 'HANGS'));
    await put(row(3, 'behind them all'));

    const { pin } = await under.settled();
    expect(pin).toMatchObject({ rows: 5, quarantined: 2, applied: 2, parked: 1, missing: 0 });
    expect(pin.fates.find(({ fate }) => fate === 'parked')!.coordinate.offset).toBe(hanging.SequenceNumber);
    expect(readdirSync(faults)).toEqual(['memory']);

    const { s3 } = under.clients;
    const prefix = { Bucket: quarantineBucket, Prefix: 'aws/lambda/' };
    const parked = (await s3.send(new ListObjectsV2Command(prefix))).Contents ?? [];
    expect(parked).toHaveLength(1);
    const object = await s3.send(new GetObjectCommand({ Bucket: quarantineBucket, Key: parked[0]!.Key! }));
    const { payload, requestContext } = JSON.parse(await object.Body!.transformToString());
    expect(requestContext).toMatchObject({ condition: 'RetryAttemptsExhausted' });
    expect(JSON.parse(payload).Records).toMatchObject([{ kinesis: { sequenceNumber: hanging.SequenceNumber } }]);
  },
  limitMs,
);

/** One that was idle may have ended since it was listed. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Puts a handler before the real one that hangs, or takes all memory the first time, at rows that ask for it. */
function sabotage(bundle: string, faults: string): void {
  const entry = readdirSync(bundle).find((name) => /^index\.m?js$/.test(name))!;
  renameSync(join(bundle, entry), join(bundle, entry.replace('index', 'real')));
  const source = `
    const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
    const real = require(${JSON.stringify(`./${entry.replace('index', 'real')}`)});
    const faults = ${JSON.stringify(faults)};
    exports.handler = async (event, context) => {
      const text = event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString()).join();
      if (text.includes('EATS MEMORY ONCE') && !existsSync(faults)) {
        mkdirSync(faults);
        writeFileSync(faults + '/memory', '');
        for (const kept = []; ; ) kept.push(new Array(1e5).fill().map(() => ({})));
      }
      while (text.includes('HANGS'));
      return real.handler(event, context);
    };`;
  writeFileSync(join(bundle, 'index.js'), source);
}

test(
  'writes that are throttled come through in the end',
  async () => {
    const slow = changed('throttled', (template) => {
      for (const properties of propertiesOf(template, 'AWS::DynamoDB::Table')) {
        const ProvisionedThroughput = { ReadCapacityUnits: 5_000, WriteCapacityUnits: 10 };
        Object.assign(properties, { BillingMode: 'PROVISIONED', ProvisionedThroughput });
      }
    });
    const under = await child('throttled', slow);
    await under.start();
    const answers = await under.post(syntheticPosts({ seed, count: 40, dirty: 0, duplicates: 0 }));
    // The capacity is used up: a client without retries is told so.
    const { postsTable: TableName } = await under.names();
    const { endpoint, region, credentials } = under.clients.dynamodb.config;
    const client = new DynamoDBClient({ endpoint: endpoint!, region, credentials, maxAttempts: 1 });
    const flood = () =>
      Promise.allSettled(
        Array.from({ length: 200 }, (_, i) =>
          client.send(new PutItemCommand({ TableName, Item: { ind: { N: `${-1 - i}` } } })),
        ),
      );
    let outcomes = await flood();
    // What was not used before is saved up.
    while (outcomes.every(({ status }) => status === 'fulfilled')) outcomes = await flood();
    client.destroy();
    expect(outcomes).toContainEqual({
      status: 'rejected',
      reason: expect.objectContaining({
        name: 'ProvisionedThroughputExceededException',
        ThrottlingReasons: [expect.objectContaining({ reason: 'TableWriteProvisionedThroughputExceeded' })],
      }),
    });
    expectNothingLost(await under.settled(), answers);
  },
  limitMs,
);

(hasPrlimit ? test : test.skip)(
  'while the disk is full records are refused with 5xx; then it goes on, and all that was taken is there',
  async () => {
    const under = await child('full disk');
    await under.start();
    const before = await under.post(syntheticPosts({ seed, count: 10, dirty: 0.2, duplicates: 0 }));
    await under.settled();

    // No file can grow: every write to the stores fails, as on a full disk.
    const limitFiles = (bytes: string) =>
      execFileSync('prlimit', ['--pid', String(under.pid), `--fsize=${bytes}:unlimited`]);
    limitFiles('1');
    const door = httpDoor();
    const url = new URL(`${under.apiUrl}/streams/streaming-demo-pin/record`);
    for (let index = 100; index < 105; index++) {
      const answer = await door('PUT', url, recordBody('', syntheticPost(seed, index).pin, 'key'));
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expect(JSON.parse(answer.body)).toMatchObject({ __type: expect.any(String), message: expect.any(String) });
    }
    door.close();

    limitFiles('unlimited');
    const after = await under.post(syntheticPosts({ seed, count: 10, dirty: 0.2, duplicates: 0 }));
    await under.settled();
    await under.kill();
    await under.start();
    expectNothingLost(await under.settled(), [...before, ...after]);
    expect(under.log).toMatch(/Kinesis refuses calls.*\n(.*\n)*Kinesis has opened its store anew/);
  },
  limitMs,
);

test(
  'a port that is taken at a restart is named, nothing half started is left, and the next start goes well',
  async () => {
    const [port, apiPort] = (await freePorts(2)) as [number, number];
    const stateDir = join(root, 'taken');
    runtime = new ChildRuntime({ assembly, stateDir, port, apiPort });
    await runtime.start();
    const answers = await runtime.post(syntheticPosts({ seed, count: 3, dirty: 0, duplicates: 0 }));
    const engine = runtime.engine()!;
    expect(isAlive(engine)).toBe(true);
    await runtime.kill();

    const leave = await occupy(apiPort);
    await expect(runtime.start()).rejects.toThrow(
      `Port ${apiPort}, wanted for API Gateway, is taken by another program`,
    );
    expect(isAlive(engine)).toBe(false);
    expect(runtime.engine()).toBeUndefined();
    expect(readdirSync(stateDir)).not.toContain('runtime.json');
    await leave();
    await runtime.start();
    const account = await runtime.settled();
    expectNothingLost(account, answers);
  },
  limitMs,
);
