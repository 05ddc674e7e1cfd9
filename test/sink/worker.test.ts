import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Producer } from '@platformatic/kafka';
import { unzipSync } from 'fflate';
import { pluginZip } from '../../connect/build.mjs';
import { ConnectWorker, tokenSecurity } from '../../local/engines/connect.ts';
import { unsecuredToken } from '../../local/engines/kafka/token.ts';
import { putTopic } from '../../local/engines/kafka/topics.ts';
import { Kafka, SUPER_USER } from '../../local/engines/kafka.ts';
import { MiniStack } from '../../local/engines/ministack.ts';
import { kafkaInstallation, pythonPath } from '../../setup/paths.mjs';
import { lagOf } from '../local/kafka/lag.ts';
import { breaksOfChain, landedObjects } from './landed.ts';
import { type Put, S3Gate } from './s3-gate.ts';

/** How often the worker is killed; each costs some seconds, which the group takes to notice. */
const KILLS = Number(process.env['PINFLOW_CONNECT_KILLS'] ?? 3);
/** Sent meanwhile, in all. */
const RECORDS = Number(process.env['PINFLOW_CONNECT_RECORDS'] ?? 1_800 * KILLS);
const TOPIC = 'demo.pin';
const PARTITIONS = 3;
const BUCKET = 'raw';
const BATCH = 300;
const SETTLE_LIMIT_MS = 180_000;
const installation = kafkaInstallation();
const log = () => {};

let stateDir: string;
let ministack: MiniStack;
let gate: S3Gate;
let kafka: Kafka;
let s3: S3Client;
let producer: Producer<Buffer, Buffer, Buffer, Buffer>;
const workers: ConnectWorker[] = [];
/** Records sent, by partition. */
const ends = new Map<string, bigint>();

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'sink-worker-'));
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(pluginZip())))) {
    const file = join(stateDir, 'plugins', 'sink', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  [ministack, kafka] = await Promise.all([
    MiniStack.start({ python: pythonPath(), stateDir, region: 'us-east-1', log }),
    Kafka.start({ installation, stateDir, log }),
  ]);
  gate = await S3Gate.start(ministack.port);
  s3 = new S3Client({
    endpoint: `http://127.0.0.1:${ministack.port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const configs = { 'message.timestamp.type': 'LogAppendTime' };
  await kafka.administer((admin) => putTopic(admin, { name: TOPIC, partitions: PARTITIONS, configs }));
  producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: 'test',
    bootstrapBrokers: [kafka.bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: async () => unsecuredToken(SUPER_USER) },
    idempotent: true,
    acks: -1,
    retries: 60,
  });
  const one = await startWorker('one');
  await one.putConnector('sink', {
    'connector.class': 'dev.pinflow.connect.S3SinkConnector',
    'tasks.max': String(PARTITIONS),
    topics: TOPIC,
    'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
    'value.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
    's3.bucket': BUCKET,
    's3.region': 'us-east-1',
    feeds: `${TOPIC}:pin`,
    'flush.records': '250',
    'flush.interval.ms': '400',
    'retry.backoff.max.ms': '1000',
  });
}, 300_000);

afterAll(async () => {
  await producer?.close().catch(() => {});
  await Promise.all(workers.map((worker) => worker.stop()));
  await kafka?.stop();
  await gate?.stop();
  s3?.destroy();
  await ministack?.stop();
  rmSync(stateDir, { recursive: true, force: true });
}, 120_000);

async function startWorker(name: string): Promise<ConnectWorker> {
  const worker = await ConnectWorker.start({
    installation,
    stateDir,
    name,
    bootstrapServers: kafka.bootstrapServers,
    names: { group: 'workers', configTopic: 'configs', offsetTopic: 'offsets', statusTopic: 'statuses' },
    security: tokenSecurity(SUPER_USER),
    pluginPath: [join(stateDir, 'plugins')],
    environment: {
      AWS_ENDPOINT_URL_S3: gate.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: name,
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    log,
  });
  workers.push(worker);
  return worker;
}

/** JSON, now and then what is none, nothing at all, or half a megabyte. */
function recordValue(index: number): Buffer | undefined {
  if (index % 97 === 0) return undefined;
  if (index % 89 === 0) return Buffer.from([0xff, 0x00, index % 256]);
  if (index % 1999 === 0) return Buffer.from(JSON.stringify({ index, text: 'x'.repeat(500_000) }));
  return Buffer.from(`{"index": ${index},\n "title": "post ${index}"}`);
}

let sent = 0;
async function send(batches: number): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const messages = Array.from({ length: BATCH }, () => {
      const index = sent++;
      const partition = index % PARTITIONS;
      const name = String(partition);
      ends.set(name, (ends.get(name) ?? 0n) + 1n);
      const value = recordValue(index);
      return { topic: TOPIC, partition, key: Buffer.from(`k${index}`), ...(value && { value }) };
    });
    await producer.send({ messages });
  }
}

async function untilCaughtUp(): Promise<void> {
  const until = performance.now() + SETTLE_LIMIT_MS;
  let lag: unknown;
  while (performance.now() < until) {
    // A broker that was held up may not answer for a moment.
    lag = await kafka.administer((admin) => lagOf(admin, 'connect-sink', [TOPIC])).catch(String);
    if (lag === 0n) return;
    await sleep(250);
  }
  throw new Error(`The connector is behind after ${SETTLE_LIMIT_MS} ms: ${lag}`);
}

async function expectOneChain(): Promise<void> {
  expect(breaksOfChain(await landedObjects(s3, BUCKET), ends)).toEqual([]);
}

/** Acts at the PUT that is the wanted one from now on, once; all others pass. */
function atPut(wanted: number, act: (put: Put) => Promise<void>): Promise<void> {
  let count = 0;
  return new Promise((resolve, reject) => {
    gate.onPut = async (put) => {
      count += 1;
      if (count === wanted) await act(put).then(resolve, reject);
      else await put.forward();
    };
  });
}

test('records land as they are, whatever they hold', async () => {
  await send(10);
  await untilCaughtUp();
  await expectOneChain();
  const lines = (await landedObjects(s3, BUCKET)).flatMap((object) => object.lines);
  const byKey = new Map(lines.map((line) => [line['key'], line]));
  expect(byKey.get('k1')).toMatchObject({ source: 'kafka', topic: TOPIC, value: { index: 1, title: 'post 1' } });
  expect(byKey.get('k89')).toMatchObject({ valueBase64: Buffer.from([0xff, 0x00, 89]).toString('base64') });
  expect(Object.keys(byKey.get('k97')!)).toEqual(['source', 'topic', 'partition', 'offset', 'timestamp', 'key']);
  expect(byKey.get('k1999')).toMatchObject({ value: { text: 'x'.repeat(500_000) } });
}, 240_000);

test(
  `killed ${KILLS} times in ${RECORDS} records, before, while and after objects are stored: each is there once`,
  async () => {
    const [one] = workers as [ConnectWorker];
    const moments = ['arrived', 'stored', 'answered'] as const;
    for (let kill = 0; kill < KILLS; kill++) {
      const moment = moments[kill % moments.length]!;
      const wanted = 1 + Math.floor(Math.random() * 4);
      const { pid } = one;
      const killed = atPut(wanted, async (put) => {
        if (moment !== 'arrived') await put.forward();
        if (moment === 'answered') setTimeout(() => process.kill(pid!, 'SIGKILL'), Math.random() * 30);
        else process.kill(pid!, 'SIGKILL');
      });
      await Promise.all([killed, send(Math.ceil(RECORDS / KILLS / BATCH))]);
      while (one.pid === pid) await sleep(50);
      await one.ready();
    }
    await untilCaughtUp();
    await expectOneChain();
  },
  240_000 + KILLS * 120_000,
);

test('S3 refuses for a while: all lands once it is back, without a hand', async () => {
  gate.isClosed = true;
  await send(5);
  await sleep(4_000);
  gate.isClosed = false;
  await untilCaughtUp();
  await expectOneChain();
}, 240_000);

test('a second worker takes partitions over; one that only believes that it still has them writes nothing twice', async () => {
  const [one] = workers as [ConnectWorker];
  await startWorker('two');
  await send(5);
  await untilCaughtUp();
  // The first worker sleeps, and its objects stay on the way, until the second one has stored the same records.
  let wake = () => {};
  const awake = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const late: Promise<number>[] = [];
  const asleep = new Promise<void>((resolve) => {
    gate.onPut = async ({ caller, forward }) => {
      if (caller === 'one') {
        process.kill(one.pid!, 'SIGSTOP');
        resolve();
        await awake;
      }
      const answered = forward();
      if (caller === 'one') late.push(answered);
      await answered;
    };
  });
  await Promise.all([asleep, send(5)]);
  await untilCaughtUp();
  gate.onPut = async ({ forward }) => {
    await forward();
  };
  wake();
  process.kill(one.pid!, 'SIGCONT');
  await send(3);
  await untilCaughtUp();
  expect(new Set(await Promise.all(late))).toEqual(new Set([412]));
  await expectOneChain();
}, 900_000);
