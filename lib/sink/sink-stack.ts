import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { BrokerStack } from '../broker/broker-stack.ts';
import type { NetworkStack } from '../network/network-stack.ts';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';
import { ConnectorRole } from './connector-role.ts';
import { pluginOf } from './plugin.ts';
import { S3SinkConnector } from './s3-sink-connector.ts';

export interface SinkStackProps extends Deployment {
  readonly network: NetworkStack;
  readonly broker: BrokerStack;
}

/** Writes what is in the topics to raw. */
export class SinkStack extends PinflowStack {
  readonly connector: S3SinkConnector;

  constructor(scope: Construct, props: SinkStackProps) {
    super(scope, 'sink', props, { description: 'Pinflow: the connector that writes the topics to S3' });
    const { names, profile } = this;
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: names.logGroups.sink,
      retention: profile.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const { role } = new ConnectorRole(this, 'Role', { names, arns: props.broker.arns });
    this.connector = new S3SinkConnector(this, 'S3Sink', {
      names,
      settings: profile.sink,
      plugin: pluginOf(profile.sink.plugin, props.sinkPlugin),
      role,
      logs,
      bootstrapServers: props.broker.bootstrapServers,
      subnetIds: props.network.vpc.isolatedSubnets.map(({ subnetId }) => subnetId),
      securityGroupId: props.network.sink.securityGroupId,
    });

    new CfnOutput(this, 'ConnectorName', {
      value: names.connector,
      description: 'Writes the topics to the raw bucket',
    });
    new CfnOutput(this, 'SinkLogs', { value: logs.logGroupName, description: 'What the connector and its worker log' });
  }
}
