import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Producer, stringSerializers } from '@platformatic/kafka';
import { type KafkaGrant, setPermissions } from '../../../local/engines/kafka/permissions.ts';
import { unsecuredToken } from '../../../local/engines/kafka/token.ts';
import { PartitionCountError, putTopic } from '../../../local/engines/kafka/topics.ts';
import { Kafka } from '../../../local/engines/kafka.ts';
import { kafkaInstallation } from '../../../setup/paths.mjs';
import { lagOf } from './lag.ts';

const TOPIC = 'demo.pin';
/** Whose broker was killed, the client lives as long as its token. */
const TOKEN_SECONDS = 30;
const CLIENT = 'ASIAPRODUCER';
const grants: readonly KafkaGrant[] = [
  { principal: CLIENT, action: 'kafka-cluster:DescribeTopic', name: TOPIC },
  { principal: CLIENT, action: 'kafka-cluster:WriteData', name: TOPIC },
];
let stateDir: string;
let kafka: Kafka;

const start = () =>
  Kafka.start({
    installation: kafkaInstallation(),
    stateDir,
    settings: { 'auto.create.topics.enable': 'false' },
    log: () => {},
  });

function producerOf(subject: string) {
  return new Producer({
    clientId: 'test',
    bootstrapBrokers: [kafka.bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: async () => unsecuredToken(subject, TOKEN_SECONDS) },
    serializers: stringSerializers,
    idempotent: true,
    acks: -1,
    retries: 400,
    retryDelay: 250,
  });
}

const send = (producer: ReturnType<typeof producerOf>, values: readonly string[], topic = TOPIC) =>
  producer.send({ messages: values.map((value) => ({ topic, value })) });

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'kafka '));
  kafka = await start();
}, 300_000);
afterAll(async () => {
  await kafka?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

describe('topics', () => {
  test('are created once, then brought to their definition', async () => {
    const configs = { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '1000000' };
    await kafka.administer((admin) => putTopic(admin, { name: TOPIC, partitions: 1, configs }));
    await kafka.administer((admin) =>
      putTopic(admin, { name: TOPIC, partitions: 2, configs: { ...configs, 'retention.ms': '2000000' } }),
    );
    await kafka.administer((admin) =>
      putTopic(admin, { name: TOPIC, partitions: 2, configs: { 'message.timestamp.type': 'LogAppendTime' } }),
    );
    expect(
      (await kafka.administer((admin) => admin.metadata({ topics: [TOPIC] }))).topics.get(TOPIC)?.partitionsCount,
    ).toBe(2);
    let set: string[] = [];
    // The controller answers before the broker shows what it took.
    for (let tries = 0; tries < 300 && set.length !== 1; tries += 1) {
      await sleep(50);
      const [described] = await kafka.administer((admin) =>
        admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: TOPIC, configurationKeys: null }] }),
      );
      set = described!.configs.filter(({ configSource }) => configSource === 1).map(({ name }) => name);
    }
    expect(set).toEqual(['message.timestamp.type']);
  });

  test('keep their partitions', async () => {
    await expect(
      kafka.administer((admin) => putTopic(admin, { name: TOPIC, partitions: 1, configs: {} })),
    ).rejects.toThrow(PartitionCountError);
  });
});

describe('permissions', () => {
  test('a client writes where it is granted, and nowhere else', async () => {
    await kafka.administer((admin) => putTopic(admin, { name: 'demo.other', partitions: 1, configs: {} }));
    await kafka.administer((admin) => setPermissions(admin, grants));
    const producer = producerOf(CLIENT);
    try {
      const { offsets } = await send(producer, ['a', 'b']);
      expect(offsets!.length).toBeGreaterThan(0);
      await expect(send(producer, ['c'], 'demo.other')).rejects.toMatchObject({ code: expect.anything() });
    } finally {
      await producer.close();
    }
  });

  test('a grant that is taken away is refused at the next record', async () => {
    await kafka.administer((admin) => setPermissions(admin, grants));
    const producer = producerOf(CLIENT);
    try {
      await send(producer, ['a']);
      await kafka.administer((admin) => setPermissions(admin, grants.slice(0, 1)));
      const refusal: unknown = await send(producer, ['b']).catch((error: unknown) => error);
      expect(describeErrors(refusal)).toContain('TOPIC_AUTHORIZATION_FAILED');
    } finally {
      await producer.close(true);
      await kafka.administer((admin) => setPermissions(admin, grants));
    }
  });

  test('without a token there is no way in', async () => {
    const stranger = new Producer({
      clientId: 'stranger',
      bootstrapBrokers: [kafka.bootstrapServers],
      retries: false,
      timeout: 2_000,
      connectTimeout: 2_000,
    });
    await expect(stranger.send({ messages: [{ topic: TOPIC, value: Buffer.from('x') }] })).rejects.toThrow();
    await stranger.close(true);
  });
});

test('kill -9 loses no acknowledged record, and the same producer goes on', async () => {
  const before = await kafka.administer((admin) => lagOf(admin, 'nobody', [TOPIC]));
  const producer = producerOf(CLIENT);
  try {
    await send(
      producer,
      Array.from({ length: 500 }, (_, i) => `before ${i}`),
    );
    process.kill(kafka.pid!, 'SIGKILL');
    const later = send(
      producer,
      Array.from({ length: 500 }, (_, i) => `after ${i}`),
    );
    await later;
    await kafka.ready();
    expect(await kafka.administer((admin) => lagOf(admin, 'nobody', [TOPIC]))).toBe(before + 1_000n);
  } finally {
    await producer.close(true);
  }
}, 300_000);

test('a later start finds records, topics and permissions', async () => {
  const before = await kafka.administer((admin) => lagOf(admin, 'nobody', [TOPIC]));
  await kafka.stop();
  kafka = await start();
  expect(await kafka.administer((admin) => lagOf(admin, 'nobody', [TOPIC]))).toBe(before);
  const producer = producerOf(CLIENT);
  await send(producer, ['again']);
  await producer.close();
}, 300_000);

/** Codes and messages of an error and of all it was caused by. */
function describeErrors(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errors = [], cause, apiId } = error as Error & Record<string, unknown> & { errors?: unknown[] };
  return [error.message, String(code), String(apiId), ...errors.map(describeErrors), describeErrors(cause ?? '')].join(
    ' ',
  );
}
