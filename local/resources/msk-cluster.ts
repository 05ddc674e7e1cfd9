import type { KafkaService } from '../services/kafka/service.ts';
import type { MskConfigurations } from './msk-configuration.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-msk-cluster.html */
export function mskCluster(kafka: KafkaService, configurations: MskConfigurations): ResourceType {
  return {
    type: 'AWS::MSK::Cluster',
    implemented: [
      'ClientAuthentication.Sasl.Iam.Enabled',
      'ClientAuthentication.Unauthenticated.Enabled',
      'ClusterName',
      'ConfigurationInfo',
      'KafkaVersion',
      'LoggingInfo.BrokerLogs.CloudWatchLogs',
      'NumberOfBrokerNodes',
      'BrokerNodeGroupInfo.InstanceType',
    ],
    inert: {
      'BrokerNodeGroupInfo.ClientSubnets': 'the broker listens on the loopback interface',
      'BrokerNodeGroupInfo.SecurityGroups': 'the broker listens on the loopback interface',
      'BrokerNodeGroupInfo.ConnectivityInfo': 'the broker listens on the loopback interface',
      'BrokerNodeGroupInfo.StorageInfo': 'records are kept in plain files below the state directory',
      EncryptionInfo: 'nothing leaves this machine',
      EnhancedMonitoring: 'metrics are not collected from the broker',
      OpenMonitoring: 'metrics are not collected from the broker',
      StorageMode: 'records are kept in plain files below the state directory',
      Tags: 'nothing here reads tags',
    },
    check: ({ ClientAuthentication }) => [
      ...(ClientAuthentication?.Sasl?.Iam?.Enabled === true ? [] : ['does not let IAM clients in; no others are here']),
      ...(ClientAuthentication?.Unauthenticated?.Enabled === true ? ['lets clients in without authentication'] : []),
    ],
    async create({ properties }) {
      const { ConfigurationInfo, BrokerNodeGroupInfo } = properties;
      const logs = properties['LoggingInfo']?.BrokerLogs?.CloudWatchLogs;
      const arn = await kafka.putCluster({
        name: String(properties['ClusterName']),
        kafkaVersion: String(properties['KafkaVersion']),
        brokers: Number(properties['NumberOfBrokerNodes']),
        instanceType: String(BrokerNodeGroupInfo?.InstanceType),
        settings: configurations.get(String(ConfigurationInfo?.Arn)) ?? {},
        ...(logs?.Enabled === true && { logGroup: String(logs.LogGroup) }),
      });
      return { ref: arn, attributes: { Arn: arn, CurrentVersion: 'K1' } };
    },
  };
}
