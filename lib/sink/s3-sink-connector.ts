import { createHash } from 'node:crypto';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { CfnConnector, CfnCustomPlugin, CfnWorkerConfiguration } from 'aws-cdk-lib/aws-kafkaconnect';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import { bucketArn } from '../allow.ts';
import { RAW_PREFIX } from '../lake/catalog.ts';
import type { Names } from '../names.ts';
import type { FlushPolicy, SinkProfile } from '../profiles/index.ts';
import type { Plugin } from './plugin.ts';

export interface S3SinkConnectorProps {
  readonly names: Names;
  readonly settings: SinkProfile;
  readonly plugin: Plugin;
  readonly role: Role;
  readonly logs: LogGroup;
  readonly bootstrapServers: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
}

/** The newest line of Kafka Connect that MSK Connect runs. */
const CONNECT_VERSION = '3.7.x';
const CONNECTOR_CLASS = 'dev.pinflow.connect.S3SinkConnector';
const BYTES = 'org.apache.kafka.connect.converters.ByteArrayConverter';

/**
 * A plugin, the configuration of its worker and the connector itself. MSK Connect changes neither plugin nor worker
 * configuration in place, so both carry the hash of their content in their name.
 */
export class S3SinkConnector extends Construct {
  readonly connector: CfnConnector;

  constructor(scope: Construct, id: string, props: S3SinkConnectorProps) {
    super(scope, id);
    const { names, settings, plugin } = props;
    const zip = new Asset(this, 'Zip', { path: plugin.path });
    const customPlugin = new CfnCustomPlugin(this, 'Plugin', {
      name: `${names.connector}-${plugin.sha256.slice(0, 16)}`,
      description: `Connector plugin of the Pinflow deployment ${names.deployment}`,
      contentType: 'ZIP',
      location: { s3Location: { bucketArn: bucketArn(zip.s3BucketName), fileKey: zip.s3ObjectKey } },
    });
    const workerProperties = properties({
      'key.converter': BYTES,
      'value.converter': BYTES,
      // How often offsets are committed, hence how much is read again after a crash.
      'offset.flush.interval.ms': Math.min(settings.flush.seconds * 1_000, 10_000),
    });
    const worker = new CfnWorkerConfiguration(this, 'Worker', {
      name: `${names.connector}-${createHash('sha256').update(workerProperties).digest('hex').slice(0, 16)}`,
      description: `Connect worker of the Pinflow deployment ${names.deployment}`,
      propertiesFileContent: Buffer.from(workerProperties).toString('base64'),
    });
    this.connector = new CfnConnector(this, 'Connector', {
      connectorName: names.connector,
      connectorDescription: `Topics of the Pinflow deployment ${names.deployment} to its raw bucket`,
      kafkaConnectVersion: CONNECT_VERSION,
      capacity: { provisionedCapacity: { mcuCount: settings.mcu, workerCount: settings.workers } },
      connectorConfiguration: {
        topics: feedNames.map((feed) => names.topics[feed]).join(','),
        'tasks.max': String(settings.tasks),
        ...(settings.plugin?.configuration ?? configurationOf(names, settings.flush)),
      },
      kafkaCluster: {
        apacheKafkaCluster: {
          bootstrapServers: props.bootstrapServers,
          vpc: { subnets: [...props.subnetIds], securityGroups: [props.securityGroupId] },
        },
      },
      kafkaClusterClientAuthentication: { authenticationType: 'IAM' },
      kafkaClusterEncryptionInTransit: { encryptionType: 'TLS' },
      logDelivery: {
        workerLogDelivery: { cloudWatchLogs: { enabled: true, logGroup: props.logs.logGroupName } },
      },
      plugins: [
        { customPlugin: { customPluginArn: customPlugin.attrCustomPluginArn, revision: customPlugin.attrRevision } },
      ],
      serviceExecutionRoleArn: props.role.roleArn,
      workerConfiguration: {
        workerConfigurationArn: worker.attrWorkerConfigurationArn,
        revision: worker.attrRevision,
      },
    });
  }
}

/** Of the connector of `connect/`. */
function configurationOf(names: Names, flush: FlushPolicy): Record<string, string> {
  return {
    'connector.class': CONNECTOR_CLASS,
    'key.converter': BYTES,
    'value.converter': BYTES,
    's3.bucket': names.buckets.raw,
    's3.region': Aws.REGION,
    's3.prefix': RAW_PREFIX.slice(0, -1),
    feeds: feedNames.map((feed) => `${names.topics[feed]}:${feed}`).join(','),
    'flush.records': String(flush.records),
    'flush.bytes': String(flush.bytes),
    'flush.interval.ms': String(flush.seconds * 1_000),
  };
}

function properties(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}
