import { describe, expect, test } from '@jest/globals';
import { profileNamed } from '../../lib/profiles/index.ts';
import { grantsOf } from '../app/policies.ts';
import { asText, ofType, only, type Properties, synth } from '../app/synth.ts';

const { broker } = synth('dev', {}, 'demo', 'none', 'on').templates;
const propertiesOf = (text: string) => Object.fromEntries(text.split('\n').map((line) => line.split('=')));

test('clients authenticate by IAM over TLS, and in no other way', () => {
  expect(only(broker, 'AWS::MSK::Cluster')).toMatchObject({
    ClusterName: 'pinflow-demo',
    KafkaVersion: '3.9.x.kraft',
    ClientAuthentication: { Sasl: { Iam: { Enabled: true } }, Unauthenticated: { Enabled: false } },
    EncryptionInfo: { EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true } },
    NumberOfBrokerNodes: 2,
    BrokerNodeGroupInfo: { InstanceType: 'kafka.t3.small', StorageInfo: { EBSStorageInfo: { VolumeSize: 10 } } },
    EnhancedMonitoring: 'DEFAULT',
    LoggingInfo: { BrokerLogs: { CloudWatchLogs: { Enabled: true } } },
  });
  expect(only(broker, 'AWS::MSK::Cluster')['ClientAuthentication']).not.toHaveProperty('Tls');
});

test('a topic is made by the template or not at all', () => {
  expect(propertiesOf(only(broker, 'AWS::MSK::Configuration')['ServerProperties'])).toMatchObject({
    'auto.create.topics.enable': 'false',
    'default.replication.factor': '2',
    'min.insync.replicas': '1',
  });
});

describe.each(['dev', 'laptop'])('topics of %s', (name) => {
  const profile = profileNamed(name);
  const topics = Object.values(
    ofType(synth(name, {}, 'demo', 'none', 'on').templates.broker, 'AWS::MSK::Topic'),
  ) as Properties[];

  test('one a feed, with the partitions and copies of the profile', () => {
    expect(topics.map(({ TopicName }) => TopicName)).toEqual(['demo.pin', 'demo.geo', 'demo.user']);
    for (const topic of topics) {
      expect(topic).toMatchObject({
        PartitionCount: profile.topics.partitions,
        ReplicationFactor: profile.topics.replication,
      });
    }
  });

  test('a record has the time of its arrival, and is kept as long as the profile says', () => {
    for (const { Configs } of topics) {
      expect(propertiesOf(Buffer.from(Configs, 'base64').toString())).toEqual({
        'message.timestamp.type': 'LogAppendTime',
        'retention.ms': String(profile.topics.retentionHours * 3_600_000),
        'min.insync.replicas': String(profile.topics.minInSyncReplicas),
        'cleanup.policy': 'delete',
      });
    }
  });
});

describe('the one custom resource', () => {
  test('asks MSK for the addresses, of this cluster only, and again when there are more brokers', () => {
    const asked = JSON.parse(asText(only(broker, 'Custom::BootstrapBrokers')['Update']));
    expect(asked).toEqual({
      service: 'kafka',
      action: 'GetBootstrapBrokers',
      parameters: { ClusterArn: '${Cluster.Arn}' },
      physicalResourceId: { id: 'bootstrap-of-2' },
      outputPaths: ['BootstrapBrokerStringSaslIam'],
    });
    expect(only(broker, 'Custom::BootstrapBrokers')['InstallLatestAwsSdk']).toBe(false);
  });

  test('may do nothing else', () => {
    expect(grantsOf(broker, 'BootstrapBrokersRole')).toEqual([
      [['logs:CreateLogStream', 'logs:PutLogEvents'], [expect.stringContaining('BootstrapBrokersLogs')]],
      [['kafka:GetBootstrapBrokers'], ['${Cluster.Arn}']],
    ]);
    expect(Object.keys(ofType(broker, 'AWS::IAM::Policy'))).toEqual([]);
  });

  test('runs on the runtime of our functions, and its logs are given up', () => {
    expect(only(broker, 'AWS::Lambda::Function')).toMatchObject({ Runtime: 'nodejs24.x' });
    for (const group of Object.values(ofType(broker, 'AWS::Logs::LogGroup'))) expect(group['RetentionInDays']).toBe(14);
  });
});
