import { parseProperties } from '../engines/jvm.ts';
import type { KafkaConnectService } from '../services/kafkaconnect/service.ts';
import type { ResourceType } from './resource.ts';

/** What the types of MSK Connect tell each other, by ARN. */
export interface ConnectParts {
  /** The ZIP file of a plugin. */
  readonly plugins: Map<string, string>;
  readonly workers: Map<string, Readonly<Record<string, string>>>;
}

/** A connector's plugin is not there. */
export class PluginMissingError extends Error {
  constructor(path: string, key: string) {
    super(`${path}: the assembly has no asset ${key}; synthesize again.`);
    this.name = 'PluginMissingError';
  }
}

/**
 * @param assetPath the local file that stands for an object key of the asset bucket
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kafkaconnect-customplugin.html
 */
export function customPlugin(
  connect: KafkaConnectService,
  parts: ConnectParts,
  assetPath: (key: string) => string | undefined,
): ResourceType {
  return {
    type: 'AWS::KafkaConnect::CustomPlugin',
    implemented: ['ContentType', 'Location.S3Location.BucketArn', 'Location.S3Location.FileKey', 'Name'],
    inert: { Description: 'a text for people', Tags: 'nothing here reads tags' },
    check: ({ ContentType }) => (ContentType === 'ZIP' ? [] : [`is a ${ContentType}; only ZIP plugins run here`]),
    async create({ properties, path }) {
      const key = String(properties['Location'].S3Location.FileKey);
      const zip = assetPath(key);
      if (zip === undefined) throw new PluginMissingError(path, key);
      const arn = connect.arn('custom-plugin', String(properties['Name']));
      parts.plugins.set(arn, zip);
      return { ref: arn, attributes: { CustomPluginArn: arn, Revision: '1' } };
    },
  };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kafkaconnect-workerconfiguration.html */
export function workerConfiguration(connect: KafkaConnectService, parts: ConnectParts): ResourceType {
  return {
    type: 'AWS::KafkaConnect::WorkerConfiguration',
    implemented: ['Name', 'PropertiesFileContent'],
    inert: { Description: 'a text for people', Tags: 'nothing here reads tags' },
    async create({ properties }) {
      const arn = connect.arn('worker-configuration', String(properties['Name']));
      const text = Buffer.from(String(properties['PropertiesFileContent']), 'base64').toString();
      parts.workers.set(arn, parseProperties(text));
      return { ref: arn, attributes: { WorkerConfigurationArn: arn, Revision: '1' } };
    },
  };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kafkaconnect-connector.html */
export function connector(connect: KafkaConnectService, parts: ConnectParts): ResourceType {
  return {
    type: 'AWS::KafkaConnect::Connector',
    implemented: [
      'ConnectorConfiguration',
      'ConnectorName',
      'KafkaCluster.ApacheKafkaCluster.BootstrapServers',
      'KafkaClusterClientAuthentication.AuthenticationType',
      'LogDelivery.WorkerLogDelivery.CloudWatchLogs',
      'Plugins',
      'ServiceExecutionRoleArn',
      'WorkerConfiguration',
    ],
    inert: {
      Capacity: 'there is one worker for each connector here',
      ConnectorDescription: 'a text for people',
      'KafkaCluster.ApacheKafkaCluster.Vpc': 'the worker is on the loopback interface',
      KafkaClusterEncryptionInTransit: 'nothing leaves this machine',
      KafkaConnectVersion: 'there is one version of Kafka Connect here',
      Tags: 'nothing here reads tags',
    },
    check: ({ KafkaClusterClientAuthentication: authentication }) =>
      authentication?.AuthenticationType === 'IAM'
        ? []
        : ['does not authenticate by IAM; the broker lets no others in'],
    async create({ properties }) {
      const name = String(properties['ConnectorName']);
      const plugins = (properties['Plugins'] as { CustomPlugin: { CustomPluginArn: string } }[]).map(
        ({ CustomPlugin }) => parts.plugins.get(CustomPlugin.CustomPluginArn)!,
      );
      const configuration = properties['ConnectorConfiguration'] as Record<string, unknown>;
      const logs = properties['LogDelivery']?.WorkerLogDelivery?.CloudWatchLogs;
      connect.define({
        name,
        plugins,
        configuration: Object.fromEntries(Object.entries(configuration).map(([key, value]) => [key, String(value)])),
        worker: parts.workers.get(String(properties['WorkerConfiguration']?.WorkerConfigurationArn)) ?? {},
        roleArn: String(properties['ServiceExecutionRoleArn']),
        ...(logs?.Enabled === true && { logGroup: String(logs.LogGroup) }),
      });
      const arn = connect.arn('connector', name);
      return { ref: arn, attributes: { ConnectorArn: arn } };
    },
    remove: ({ ref }) => connect.remove(ref.split('/')[1]!),
  };
}
