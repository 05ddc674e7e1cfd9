import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Producer, stringSerializers } from '@platformatic/kafka';
import { setPermissions } from '../../../local/engines/kafka/permissions.ts';
import { unsecuredToken } from '../../../local/engines/kafka/token.ts';
import { putTopic } from '../../../local/engines/kafka/topics.ts';
import { Kafka, SUPER_USER } from '../../../local/engines/kafka.ts';
import { lambdaEventSourceMapping } from '../../../local/resources/lambda-event-source-mapping.ts';
import type { EventSourceMappings } from '../../../local/services/lambda/event-sources/event-source-mappings.ts';
import { KafkaGroup } from '../../../local/services/lambda/event-sources/kafka-group.ts';
import { kafkaInstallation } from '../../../setup/paths.mjs';
import { lagOf } from '../kafka/lag.ts';
import { define, mappingHarness, ROLE, stopwatch, until } from './mapping-harness.ts';

interface KafkaEvent {
  records: Record<string, { partition: number; offset: number; value: string }[]>;
}

const CLUSTER = 'arn:aws:kafka:us-east-1:000000000000:cluster/pinflow/uuid-1';
const ACTIONS = ['DescribeTopic', 'ReadData'];
const GROUP_ACTIONS = ['DescribeGroup', 'AlterGroup'];
const POLLERS = { ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 1 } };

let stateDir: string;
let kafka: Kafka;
let directory: string;
let mappings: EventSourceMappings;
let harness: ReturnType<typeof mappingHarness>;
let producer: ReturnType<typeof producerOf>;
let topic = 'demo.0';
let round = 0;

function producerOf() {
  return new Producer({
    clientId: 'test',
    bootstrapBrokers: [kafka.bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: () => unsecuredToken(SUPER_USER) },
    serializers: stringSerializers,
    retries: 400,
    retryDelay: 250,
  });
}

const permit = (topicActions = ACTIONS, groupActions = GROUP_ACTIONS) =>
  kafka.administer((admin) =>
    setPermissions(admin, [
      ...topicActions.map((one) => ({ principal: ROLE.arn, action: `kafka-cluster:${one}`, name: topic })),
      ...groupActions.map((one) => ({ principal: ROLE.arn, action: `kafka-cluster:${one}`, name: `group-${topic}` })),
    ]),
  );

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'kafka '));
  kafka = await Kafka.start({
    installation: kafkaInstallation(),
    stateDir,
    log: () => {},
  });
  producer = producerOf();
}, 300_000);

afterAll(async () => {
  await producer?.close();
  await kafka?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  round += 1;
  topic = `demo.${round}`;
  const configs = { 'message.timestamp.type': 'LogAppendTime' };
  await kafka.administer((admin) => putTopic(admin, { name: topic, partitions: 2, configs }));
  await permit();
  harness = mappingHarness(
    () => directory,
    () => ({
      services: [],
      cluster: {
        addNames: () => {},
        call: () => ({ bootstrapBrokerStringSaslIam: kafka.bootstrapServers }),
      },
    }),
  );
  mappings = harness.open();
});

afterEach(async () => {
  await mappings.close();
  rmSync(directory, { recursive: true });
});

const declare = (properties: Record<string, unknown> = {}) =>
  define(mappings, {
    EventSourceArn: CLUSTER,
    Topics: [topic],
    AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: `group-${topic}` },
    MaximumBatchingWindowInSeconds: 0,
    ...properties,
  });
const send = (values: readonly string[], partition = 0, more: Record<string, unknown> = {}) =>
  producer.send({ messages: values.map((value) => ({ topic, partition, value, ...more })), acks: -1 });
const valuesOf = (event: unknown): string[] =>
  Object.values((event as KafkaEvent).records)
    .flat()
    .map(({ value }) => Buffer.from(value, 'base64').toString());
const seen = () => harness.events.flatMap(valuesOf);
const lag = () => kafka.administer((admin) => lagOf(admin, `group-${topic}`, [topic]));
const drained = async () => {
  while ((await lag()) > 0n) await sleep(50);
};
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i));

test("a record reaches the function as AWS's event", async () => {
  await declare();
  await mappings.start();
  await sleep(100);
  await send(['a'], 1, { key: 'k', headers: { h: 'v' } });
  await until(() => harness.events.length === 1);
  expect(harness.events[0]).toEqual({
    eventSource: 'aws:kafka',
    eventSourceArn: CLUSTER,
    bootstrapServers: kafka.bootstrapServers,
    records: {
      [`${topic}-1`]: [
        {
          topic,
          partition: 1,
          offset: 0,
          timestamp: expect.any(Number),
          timestampType: 'LOG_APPEND_TIME',
          key: Buffer.from('k').toString('base64'),
          value: Buffer.from('a').toString('base64'),
          headers: [{ h: [118] }],
        },
      ],
    },
  });
});

test('offsets are committed after success; a restart goes on there, in order', async () => {
  await declare({ BatchSize: 30 });
  await send(numbers(0, 100), 0);
  await send(numbers(100, 200), 1);
  await mappings.start();
  await until(() => seen().length === 200);
  await drained();
  await mappings.close();
  expect(await lag()).toBe(0n);
  await send(numbers(200, 210), 0);
  expect(await lag()).toBe(10n);
  mappings = harness.open();
  await declare({ BatchSize: 30 });
  await mappings.start();
  await until(() => seen().length >= 210);
  for (const partition of [0, 1]) {
    const values = harness.events
      .flatMap((event) => (event as KafkaEvent).records[`${topic}-${partition}`] ?? [])
      .map(({ offset }) => offset);
    expect(values).toEqual(values.map((_, i) => i));
  }
});

test('LATEST means since the mapping was made', async () => {
  await send(['a']);
  await declare({ StartingPosition: 'LATEST' });
  await mappings.start();
  await mappings.close();
  await send(['b']);
  mappings = harness.open();
  await declare({ StartingPosition: 'LATEST' });
  await mappings.start();
  await until(() => seen().length > 0);
  expect(seen()).toEqual(['b']);
});

test('a poison record is retried from where it is reported, then put into the bucket; the others go on', async () => {
  harness.handler = (event) => {
    const poison = Object.entries((event as KafkaEvent).records).flatMap(([partition, records]) =>
      records
        .filter(({ value }) => value === Buffer.from('5').toString('base64'))
        .map(({ offset }) => ({ offset, partition })),
    );
    return { payload: JSON.stringify({ batchItemFailures: poison.map((itemIdentifier) => ({ itemIdentifier })) }) };
  };
  await send(numbers(0, 10));
  await send(numbers(10, 20), 1);
  const id = await declare({
    ...POLLERS,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 1,
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::quarantine' } },
  });
  await mappings.start();
  await until(() => harness.objects.length === 1);
  await drained();
  const { key, body } = harness.objects[0]!;
  const object = JSON.parse(body);
  expect(key).toMatch(new RegExp(`^aws/lambda/${id}/\\d{4}/`));
  expect(object).toMatchObject({
    requestContext: { condition: 'RetryAttemptsExhausted' },
    KafkaBatchInfo: {
      batchSize: 1,
      eventSourceArn: CLUSTER,
      recordsInfo: { [`${topic}-0`]: { firstRecordOffset: '5', lastRecordOffset: '5' } },
    },
  });
  expect(valuesOf(JSON.parse(object.payload))).toEqual(['5']);
  expect(new Set(seen()).size).toBe(20);
  expect(await lag()).toBe(0n);
});

test('survives the death of the broker without losing a record, and stops while there is none', async () => {
  await declare({ BatchSize: 20 });
  await mappings.start();
  await send(numbers(0, 50));
  await until(() => seen().length === 50);
  process.kill(kafka.pid!, 'SIGKILL');
  await kafka.ready();
  await send(numbers(50, 100), 1);
  await until(() => new Set(seen()).size === 100);
  process.kill(kafka.pid!, 'SIGSTOP');
  const watch = stopwatch();
  await mappings.stop();
  process.kill(kafka.pid!, 'SIGCONT');
  expect(watch()).toBeLessThan(4_000);
  await kafka.ready();
}, 300_000);

test('reads on after an outage so long that the client which replaced the first could not join', async () => {
  const group = new KafkaGroup({
    bootstrapServers: kafka.bootstrapServers,
    topic,
    group: `group-${topic}`,
    subject: SUPER_USER,
    ahead: 10,
    replaceAfterMs: 100,
    problem: () => {},
  });
  try {
    await group.join();
    group.read(0, 0n);
    await kafka.process.stop();
    await sleep(12_000);
    await kafka.process.start();
    await send(numbers(0, 1));
    let taken = 0;
    await until(() => {
      taken += group.take(0, 1).length;
      return taken === 1;
    });
  } finally {
    await group.close();
  }
}, 300_000);

describe('refusals', () => {
  test.each([
    ['the topic', [], GROUP_ACTIONS],
    ['its records', ['DescribeTopic'], GROUP_ACTIONS],
    ['the group', ACTIONS, []],
  ])('without a grant of %s the start fails', async (_, topicActions, groupActions) => {
    await permit(topicActions, groupActions);
    await declare();
    await expect(mappings.start()).rejects.toThrow(`may not read the topic ${topic} in the group group-${topic}`);
  });

  test('what Kafka does not have on AWS is refused by property', () => {
    const check = lambdaEventSourceMapping(mappings).check!;
    const properties = { EventSourceArn: CLUSTER, Topics: ['t'] };
    expect(check(properties)).toEqual([]);
    expect(check({ ...properties, ...POLLERS, MaximumRetryAttempts: 3 })).toEqual([]);
    expect(check({ ...properties, MaximumRetryAttempts: 3 })).toEqual([
      'has MaximumRetryAttempts, which needs a ProvisionedPollerConfig with Kafka',
    ]);
    expect(check({ ...properties, TumblingWindowInSeconds: 3 })).toHaveLength(1);
    expect(check({ ...properties, Topics: ['t', 'u'] })).toEqual(['has 2 Topics; a mapping reads one']);
    expect(check({ EventSourceArn: CLUSTER, ...POLLERS })).toHaveLength(1);
  });
});
