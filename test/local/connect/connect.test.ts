import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Producer, stringSerializers } from '@platformatic/kafka';
import { pluginZip } from '../../../connect/build.mjs';
import { RoleDirectory } from '../../../local/access/identities.ts';
import { parsePolicy } from '../../../local/access/policy.ts';
import { unsecuredToken } from '../../../local/engines/kafka/token.ts';
import { KafkaService } from '../../../local/services/kafka/service.ts';
import { KafkaConnectService } from '../../../local/services/kafkaconnect/service.ts';
import { kafkaInstallation, pythonPath } from '../../../setup/paths.mjs';
import { lagOf } from '../kafka/lag.ts';

const TOPIC = 'demo.pin';
const CONNECTOR = 'sink';
const RECORDS = 2_000;
const target = { account: '000000000000', region: 'us-east-1' };
const installation = kafkaInstallation();
const BYTES = 'org.apache.kafka.connect.converters.ByteArrayConverter';

const written: [group: string, stream: string, line: string][] = [];
let stateDir: string;
let objects: Map<string, { body: Buffer; last: string }>;
let s3: Server;
let kafka: KafkaService;
let connect: KafkaConnectService;

/** As much of S3 as the connector calls: objects that are written once. */
function startS3(): Promise<Server> {
  objects = new Map();
  const server = createServer((request, response) => {
    const key = decodeURIComponent(new URL(request.url!, 'http://s3').pathname).replace(/^\/raw-bucket\//, '');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const there = objects.get(key);
      if (request.method === 'PUT' && there === undefined) {
        objects.set(key, {
          body: withoutChunks(Buffer.concat(chunks), String(request.headers['content-encoding'])),
          last: String(request.headers['x-amz-meta-last-offset']),
        });
        response.writeHead(200, { etag: '"1"' }).end();
      } else if (request.method === 'PUT') {
        response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
      } else if (there === undefined) {
        response.writeHead(404).end();
      } else {
        response.writeHead(200, { 'x-amz-meta-last-offset': there.last, 'content-length': there.body.length }).end();
      }
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
function withoutChunks(body: Buffer, encoding: string): Buffer {
  if (!encoding.includes('aws-chunked')) return body;
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'connect '));
  s3 = await startS3();
  const identities = new RoleDirectory(target.account);
  const frontDoor = { authorize: () => {} };
  const log = () => {};
  const logs = { write: (group: string, stream: string, line: string) => void written.push([group, stream, line]) };
  kafka = new KafkaService({ ...target, stateDir, installation, identities, frontDoor, logs, log });
  const clusterArn = await kafka.putCluster({
    name: 'demo',
    kafkaVersion: '3.9.x.kraft',
    brokers: 1,
    instanceType: 'kafka.t3.small',
    settings: { 'auto.create.topics.enable': 'false' },
  });
  await kafka.putTopic({ name: TOPIC, partitions: 2, configs: { 'message.timestamp.type': 'LogAppendTime' } });
  const trust = { Effect: 'Allow', Principal: { Service: 'kafkaconnect.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const role = identities.putRole(CONNECTOR, parsePolicy({ Statement: trust }, 'trust'));
  const on = (...actions: string[]) => ({
    Effect: 'Allow',
    Action: actions.map((action) => `kafka-cluster:${action}`),
  });
  const Statement = [
    { ...on('Connect', 'DescribeCluster'), Resource: clusterArn },
    { ...on('DescribeTopic', 'ReadData'), Resource: kafka.arn('topic', TOPIC) },
    {
      ...on('CreateTopic', 'DescribeTopic', 'ReadData', 'WriteData'),
      Resource: kafka.arn('topic', '__amazon_msk_connect_*'),
    },
    {
      ...on('AlterGroup', 'DescribeGroup'),
      Resource: [kafka.arn('group', '__amazon_msk_connect_*'), kafka.arn('group', `connect-${CONNECTOR}`)],
    },
  ];
  identities.putRolePolicy(CONNECTOR, 'sink', parsePolicy({ Statement }, 'sink'));
  connect = new KafkaConnectService({
    ...target,
    installation,
    python: pythonPath(),
    stateDir,
    endpoint: `http://127.0.0.1:${(s3.address() as AddressInfo).port}`,
    kafka,
    identities,
    frontDoor,
    logs,
    log,
  });
  connect.define({
    name: CONNECTOR,
    logGroup: '/pinflow/demo/sink',
    roleArn: role.arn,
    plugins: [pluginZip()],
    worker: { 'key.converter': BYTES, 'value.converter': BYTES },
    configuration: {
      'connector.class': 'dev.pinflow.connect.S3SinkConnector',
      'tasks.max': '1',
      topics: TOPIC,
      's3.bucket': 'raw-bucket',
      's3.region': target.region,
      feeds: `${TOPIC}:pin`,
      'flush.records': '300',
      'flush.interval.ms': '500',
    },
  });
  await kafka.applyPermissions();
  await connect.start();
}, 400_000);

afterAll(async () => {
  await connect?.close();
  await kafka?.close();
  s3?.close();
  rmSync(stateDir, { recursive: true, force: true });
});

test('every record lands once, though worker and broker are killed meanwhile', async () => {
  const engine = await kafka.engine();
  await send(0, RECORDS / 2);
  process.kill(connect.worker(CONNECTOR)!.pid!, 'SIGKILL');
  await send(RECORDS / 2, RECORDS);
  await drained();
  const { pid } = engine;
  process.kill(pid!, 'SIGKILL');
  // Until its end is noticed it counts as ready.
  while (engine.pid === pid) await sleep(20);
  await engine.ready();
  await send(RECORDS, RECORDS + 100);
  await drained();
  const offsets = landed();
  expect(offsets).toHaveLength(RECORDS + 100);
  expect(new Set(offsets).size).toBe(RECORDS + 100);
  // What the worker prints is in the group that its template names.
  expect(written.some(([group, stream]) => group === '/pinflow/demo/sink' && stream === `${CONNECTOR}-1`)).toBe(true);
}, 400_000);

async function send(from: number, to: number): Promise<void> {
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: [kafka.bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: () => unsecuredToken('pinflow', 30) },
    serializers: stringSerializers,
    idempotent: true,
    acks: -1,
    retries: 400,
    retryDelay: 250,
  });
  const messages = Array.from({ length: to - from }, (_, i) => ({ topic: TOPIC, value: `{"index":${from + i}}` }));
  await producer.send({ messages });
  await producer.close();
}

/** By the group's offsets: what the worker says of itself lags behind. */
async function drained(): Promise<void> {
  const engine = await kafka.engine();
  const lag = () => engine.administer((admin) => lagOf(admin, `connect-${CONNECTOR}`, [TOPIC])).catch(() => undefined);
  for (let tries = 0; tries < 240 && (await lag()) !== 0n; tries += 1) await sleep(500);
  expect(await lag()).toBe(0n);
}

/** `partition/offset` of each line of each object. */
function landed(): string[] {
  return [...objects.values()].flatMap(({ body }) =>
    gunzipSync(body)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => {
        const { partition, offset } = JSON.parse(line) as { partition: string; offset: string };
        return `${partition}/${offset}`;
      }),
  );
}
