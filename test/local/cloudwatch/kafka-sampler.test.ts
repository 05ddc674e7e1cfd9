import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Producer, stringSerializers } from '@platformatic/kafka';
import { unsecuredToken } from '../../../local/engines/kafka/token.ts';
import { putTopic } from '../../../local/engines/kafka/topics.ts';
import { Kafka, SUPER_USER } from '../../../local/engines/kafka.ts';
import { putConnector } from '../../../local/services/cloudwatch/sources/connector-metrics.ts';
import { KafkaSampler } from '../../../local/services/cloudwatch/sources/kafka-sampler.ts';
import type { Observation } from '../../../local/services/cloudwatch/types.ts';
import { kafkaInstallation } from '../../../setup/paths.mjs';

const TOPIC = 'demo.pin';
let stateDir: string;
let kafka: Kafka;
let seen: Observation[] = [];
const problems: string[] = [];

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'pinflow-'));
  const installation = kafkaInstallation();
  kafka = await Kafka.start({ installation, stateDir, log: () => {} });
}, 300_000);
afterAll(async () => {
  await kafka?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const told = (name: string, dimensions: Record<string, string> = {}) =>
  seen.findLast(
    (one) => one.name === name && Object.entries(dimensions).every(([key, value]) => one.dimensions[key] === value),
  )?.value;

test('a cluster, its brokers, its topics, groups that lag, and its end', async () => {
  const sampler = new KafkaSampler({
    sink: { put: (observation) => void seen.push(observation) },
    cluster: () => ({ clusterInfoList: [{ clusterName: 'c', numberOfBrokerNodes: 2 }] }),
    engine: async () => kafka,
    directory: stateDir,
    log: (line) => problems.push(line),
  });
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: [kafka.bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: async () => unsecuredToken(SUPER_USER, 60) },
    serializers: stringSerializers,
  });
  const configs = { 'message.timestamp.type': 'LogAppendTime' };
  const commit = (offset: bigint) =>
    kafka.administer((admin) =>
      admin.alterConsumerGroupOffsets({
        groupId: 'connect-landing',
        topics: [{ name: TOPIC, partitionOffsets: [{ partition: 0, offset }] }],
      }),
    );
  try {
    await kafka.administer((admin) => putTopic(admin, { name: TOPIC, partitions: 1, configs }));
    await producer.send({ messages: [{ topic: TOPIC, value: 'a' }] });
    await commit(0n);
    const started = performance.now();
    await sampler.sample();
    await sleep(2_000);
    await producer.send({ messages: Array.from({ length: 9 }, () => ({ topic: TOPIC, value: 'x'.repeat(1_000) })) });
    seen = [];
    await sampler.sample();
    const seconds = (performance.now() - started) / 1_000;
    expect(problems).toEqual([]);
    const group = { 'Cluster Name': 'c', 'Consumer Group': 'connect-landing', Topic: TOPIC };
    expect(told('SumOffsetLag', group)).toBe(10);
    expect(told('EstimatedMaxTimeLag', group)).toBeGreaterThanOrEqual(2);
    expect(told('ActiveControllerCount', { 'Cluster Name': 'c' })).toBe(1);
    expect(told('OfflinePartitionsCount')).toBe(0);
    expect(told('MessagesInPerSec', { 'Broker ID': '1', Topic: TOPIC })).toBeGreaterThanOrEqual(9 / seconds);
    expect(told('MessagesInPerSec', { 'Broker ID': '2' })).toBe(0);
    expect(told('BytesInPerSec', { 'Broker ID': '1', Topic: TOPIC })).toBeGreaterThan(9_000 / seconds);
    for (const name of ['CpuUser', 'CpuSystem', 'HeapMemoryAfterGC', 'KafkaDataLogsDiskUsed']) {
      expect([name, told(name, { 'Broker ID': '2' })]).toEqual([name, expect.any(Number)]);
      expect(told(name)).toBeLessThanOrEqual(100);
    }
    await commit(10n);
    await sampler.sample();
    expect([told('SumOffsetLag', group), told('EstimatedMaxTimeLag', group)]).toEqual([0, 0]);
    expect(sampler.readRates.get('connect-landing')).toBeGreaterThan(0);
    await kafka.process.stop();
    await sampler.sample();
    expect([told('ActiveControllerCount'), told('OfflinePartitionsCount')]).toEqual([0, 1]);
  } finally {
    await producer.close(true);
  }
});

test('a broker that is down has no active controller', async () => {
  const sampler = new KafkaSampler({
    sink: { put: (observation) => void seen.push(observation) },
    cluster: () => ({ clusterInfoList: [{ clusterName: 'c', numberOfBrokerNodes: 1 }] }),
    engine: () => new Promise(() => {}),
    directory: stateDir,
    log: () => {},
  });
  seen = [];
  void sampler.sample();
  expect(seen).toEqual([]);
  await sampler.sample();
  expect(told('ActiveControllerCount')).toBe(0);
});

test('a connector by its tasks', () => {
  seen = [];
  const sink = { put: (observation: Observation) => void seen.push(observation) };
  const tasks = ['RUNNING', 'FAILED', 'RUNNING'].map((state, id) => ({ id, state }));
  putConnector(sink, 'landing', { connector: { state: 'RUNNING' }, tasks }, 7);
  expect(['RunningTaskCount', 'ErroredTaskCount', 'SinkRecordReadRate'].map((name) => told(name))).toEqual([2, 1, 7]);
});
