import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { profileNamed } from '../../lib/profiles/index.ts';
import { PluginError, pluginOf } from '../../lib/sink/plugin.ts';
import { grantsOf } from '../app/policies.ts';
import { asText, only, type Properties, synth } from '../app/synth.ts';

const { sink } = synth('dev', {}, 'demo', 'none', 'on').templates;
const connector = only(sink, 'AWS::KafkaConnect::Connector');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('the connector writes what is in the topics to raw, by the flush policy of the profile', () => {
  const { flush } = profileNamed('dev').sink;
  const configuration = Object.fromEntries(
    Object.entries<unknown>(connector['ConnectorConfiguration']).map(([name, value]) => [name, asText(value)]),
  );
  expect(configuration).toEqual({
    'connector.class': 'dev.pinflow.connect.S3SinkConnector',
    topics: 'demo.pin,demo.geo,demo.user',
    'tasks.max': '1',
    'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
    'value.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
    's3.bucket': 'pinflow-demo-raw-${AWS::AccountId}-${AWS::Region}',
    's3.region': '${AWS::Region}',
    's3.prefix': 'raw',
    feeds: 'demo.pin:pin,demo.geo:geo,demo.user:user',
    'flush.records': String(flush.records),
    'flush.bytes': String(flush.bytes),
    'flush.interval.ms': String(flush.seconds * 1_000),
  });
});

test('it is who its role says, over TLS, with logs', () => {
  expect(connector).toMatchObject({
    ConnectorName: 'pinflow-demo-s3-sink',
    KafkaConnectVersion: '3.7.x',
    Capacity: { ProvisionedCapacity: { McuCount: 1, WorkerCount: 1 } },
    KafkaClusterClientAuthentication: { AuthenticationType: 'IAM' },
    KafkaClusterEncryptionInTransit: { EncryptionType: 'TLS' },
    LogDelivery: { WorkerLogDelivery: { CloudWatchLogs: { Enabled: true } } },
    ServiceExecutionRoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^Role/), 'Arn'] },
  });
});

test('plugin and worker configuration, which are not changed in place, are named by their content', () => {
  const plugin = only(sink, 'AWS::KafkaConnect::CustomPlugin');
  expect(plugin['Name']).toBe(`pinflow-demo-s3-sink-${sha256('a plugin').slice(0, 16)}`);
  const worker = only(sink, 'AWS::KafkaConnect::WorkerConfiguration');
  const text = Buffer.from(worker['PropertiesFileContent'], 'base64').toString();
  expect(worker['Name']).toBe(`pinflow-demo-s3-sink-${sha256(text).slice(0, 16)}`);
  expect(text).toContain('value.converter=org.apache.kafka.connect.converters.ByteArrayConverter');
});

test('its role may do what MSK Connect and the connector document, and nothing else', () => {
  const topics = grantsOf(sink, 'Role').map(([actions, resources]) => [actions, resources.length]);
  expect(topics).toEqual([
    [['kafka-cluster:Connect', 'kafka-cluster:DescribeCluster'], 1],
    [
      ['kafka-cluster:CreateTopic', 'kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData', 'kafka-cluster:WriteData'],
      1,
    ],
    [['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], 3],
    [['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'], 2],
    [['s3:GetObject', 's3:PutObject'], 1],
    [['s3:ListBucket'], 1],
  ]);
  const resources = grantsOf(sink, 'Role').flatMap(([, each]) => each);
  expect(resources.filter((resource) => resource.includes('*'))).toEqual([
    expect.stringMatching(/:topic\/pinflow-demo\/\*\/__amazon_msk_connect_\*$/),
    expect.stringMatching(/:group\/pinflow-demo\/\*\/__amazon_msk_connect_\*$/),
    expect.stringMatching(/:s3:::pinflow-demo-raw-.*\/raw\/\*$/),
  ]);
});

describe('a plugin', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pinflow-plugin-'));
  const path = join(folder, 'other.zip');
  writeFileSync(path, 'another plugin');
  afterAll(() => rmSync(folder, { recursive: true }));
  const other = (hash: string) => ({ path, sha256: hash, configuration: {} });

  test('of someone else is taken with its hash', () => {
    expect(pluginOf(other(sha256('another plugin')))).toEqual({ path, sha256: sha256('another plugin') });
  });

  test.each<[string, () => unknown, RegExp]>([
    ['that is another one', () => pluginOf(other('0'.repeat(64))), /has the SHA-256/],
    ['that is not there', () => pluginOf({ ...other(''), path: `${path}.gone` }), /correct the path/],
    ['of ours that is not built', () => pluginOf(undefined, `${path}.gone`), /setup\.mjs, which builds it/],
  ])('%s is refused', (_, take, message) => {
    expect(take).toThrow(PluginError);
    expect(take).toThrow(message);
  });
});

test('its workers stand where the brokers let them in', () => {
  const { Vpc }: Properties = connector['KafkaCluster'].ApacheKafkaCluster;
  expect(Vpc.SecurityGroups).toHaveLength(1);
  expect(Vpc.SecurityGroups[0]['Fn::GetStackOutput'].OutputName).toContain('Sink');
  expect(Vpc.Subnets).toHaveLength(2);
});
