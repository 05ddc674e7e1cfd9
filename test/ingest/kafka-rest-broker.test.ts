import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Consumer } from '@platformatic/kafka';
import { KafkaTopics } from '../../lambda/ingest/kafka-rest/kafka-topics.ts';
import { unsecuredToken } from '../../lambda/ingest/kafka-rest/token.ts';
import type { PlacedRecord } from '../../lambda/ingest/kafka-rest/topics.ts';
import { setPermissions } from '../../local/engines/kafka/permissions.ts';
import { putTopic } from '../../local/engines/kafka/topics.ts';
import { Kafka, SUPER_USER } from '../../local/engines/kafka.ts';
import { kafkaInstallation } from '../../setup/paths.mjs';

const TOPIC = 'demo.pin';
const KEY = 'ASIADOOR';
const opened: KafkaTopics[] = [];
let stateDir: string;
let kafka: Kafka;

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'kafka-rest-'));
  kafka = await Kafka.start({
    installation: kafkaInstallation(),
    stateDir,
    settings: { 'auto.create.topics.enable': 'false' },
    log: () => {},
  });
  await kafka.administer(async (admin) => {
    await putTopic(admin, { name: TOPIC, partitions: 2, configs: {} });
    await putTopic(admin, { name: 'demo.geo', partitions: 1, configs: {} });
    await setPermissions(admin, [
      { principal: KEY, action: 'kafka-cluster:WriteDataIdempotently', name: '' },
      { principal: KEY, action: 'kafka-cluster:DescribeTopic', name: TOPIC },
      { principal: KEY, action: 'kafka-cluster:WriteData', name: TOPIC },
      { principal: KEY, action: 'kafka-cluster:DescribeTopic', name: 'demo.geo' },
    ]);
  });
}, 300_000);
afterEach(() => Promise.all(opened.splice(0).map((topics) => topics.close())));
afterAll(async () => {
  await kafka?.stop();
  rmSync(stateDir, { recursive: true, force: true });
}, 60_000);

function open(bootstrapServers = kafka.bootstrapServers, patienceMs = 60_000): KafkaTopics {
  const topics = new KafkaTopics({ bootstrapServers, token: async () => unsecuredToken(KEY), tls: false });
  topics.deadline = Date.now() + patienceMs;
  opened.push(topics);
  return topics;
}

const record = (partition: number, value: string): PlacedRecord => ({
  partition,
  key: null,
  value: Buffer.from(value),
});

async function read(topic: string, count: number): Promise<string[]> {
  const consumer = new Consumer({
    clientId: 'test',
    groupId: 'test',
    bootstrapBrokers: [kafka.bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: async () => unsecuredToken(SUPER_USER) },
  });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
  const seen: string[] = [];
  for await (const { partition, offset, value } of stream) {
    seen.push(`${partition}/${offset} ${value}`);
    if (seen.length === count) break;
  }
  await consumer.close(true);
  return seen.sort();
}

test('records are at the offsets that are told', async () => {
  const topics = open();
  expect(await topics.partitions(TOPIC)).toEqual([0, 1].map((id) => ({ id, leader: 1, replicas: [1], inSync: [1] })));
  const first = await topics.produce(TOPIC, [record(0, 'a'), record(1, 'b'), record(0, '{"c":1}')]);
  expect(first).toEqual(new Map([0, 1].map((partition) => [partition, 0n])));
  expect(await topics.produce(TOPIC, [record(0, 'd')])).toEqual(new Map([[0, 2n]]));
  expect(await read(TOPIC, 4)).toEqual(['0/0 a', '0/1 {"c":1}', '0/2 d', '1/0 b']);
}, 120_000);

test('what the role may not write is refused by the broker', async () => {
  const topics = open();
  const written = await topics.produce('demo.geo', [record(0, 'x')]);
  expect(written.get(0)).toMatchObject({ kind: 'final', message: expect.stringMatching(/TOPIC_AUTHORIZATION_FAILED/) });
  expect((await topics.produce(TOPIC, [record(1, 'e')])).get(1)).toBe(1n);
}, 120_000);

test('brokers that cannot be reached are told in time', async () => {
  const topics = open('127.0.0.1:1', 1_000);
  // Without the deadline it would be tried for ever.
  await expect(topics.partitions(TOPIC)).rejects.toMatchObject({ failure: { kind: 'unavailable' } });
}, 120_000);

test('a broker that dies is waited for, and the producer goes on', async () => {
  const topics = open();
  await topics.produce(TOPIC, [record(1, 'f')]);
  process.kill(kafka.pid!, 'SIGKILL');
  topics.deadline = Date.now() + 120_000;
  expect(await topics.produce(TOPIC, [record(1, 'g')])).toEqual(new Map([[1, 3n]]));
}, 240_000);
