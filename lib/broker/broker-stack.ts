import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnCluster, CfnConfiguration } from 'aws-cdk-lib/aws-msk';
import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { NetworkStack } from '../network/network-stack.ts';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';
import { BootstrapBrokers } from './bootstrap-brokers.ts';
import { FeedTopics } from './feed-topics.ts';
import { KafkaArns } from './kafka-arns.ts';

const KAFKA_VERSION = '3.9.x.kraft';

export interface BrokerStackProps extends Deployment {
  readonly network: NetworkStack;
}

/** What a client of the brokers needs to know of. */
export interface KafkaStacks {
  readonly network: NetworkStack;
  readonly broker: BrokerStack;
}

/** An MSK cluster with a topic for each feed. Slow to make, and kept. */
export class BrokerStack extends PinflowStack {
  readonly cluster: CfnCluster;
  readonly topics: FeedTopics;
  /** `host:9098,…`, for clients that authenticate by IAM. */
  readonly bootstrapServers: string;
  readonly arns: KafkaArns;

  constructor(scope: Construct, props: BrokerStackProps) {
    super(scope, 'broker', props, { description: 'Pinflow: the MSK cluster and its topics' });
    const { names, profile } = this;
    const { vpc, brokers } = props.network;
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: names.logGroups.broker,
      retention: profile.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const configuration = new CfnConfiguration(this, 'Configuration', {
      name: names.cluster,
      description: `Brokers of the Pinflow deployment ${names.deployment}`,
      kafkaVersionsList: [KAFKA_VERSION],
      serverProperties: serverProperties(profile.topics.replication, profile.topics.minInSyncReplicas),
    });
    this.cluster = new CfnCluster(this, 'Cluster', {
      clusterName: names.cluster,
      kafkaVersion: KAFKA_VERSION,
      numberOfBrokerNodes: profile.broker.brokers,
      brokerNodeGroupInfo: {
        instanceType: profile.broker.instanceType,
        clientSubnets: vpc.isolatedSubnets.map(({ subnetId }) => subnetId),
        securityGroups: [brokers.securityGroupId],
        storageInfo: { ebsStorageInfo: { volumeSize: profile.broker.volumeGiB } },
      },
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      // At rest they are encrypted anyway, by a key of AWS.
      encryptionInfo: { encryptionInTransit: { clientBroker: 'TLS', inCluster: true } },
      enhancedMonitoring: profile.broker.monitoring,
      loggingInfo: { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: logs.logGroupName } } },
    });
    this.cluster.applyRemovalPolicy(this.dataRemoval);
    this.arns = new KafkaArns(this, this.cluster.attrArn);
    this.topics = new FeedTopics(this, 'Topics', {
      names,
      settings: profile.topics,
      clusterArn: this.cluster.attrArn,
      removalPolicy: this.dataRemoval,
    });
    this.bootstrapServers = new BootstrapBrokers(this, 'BootstrapBrokers', {
      clusterArn: this.cluster.attrArn,
      brokers: profile.broker.brokers,
      logGroupName: names.logGroups.brokerLookup,
      logRetention: profile.logRetention,
    }).servers;

    new CfnOutput(this, 'ClusterArn', { value: this.cluster.attrArn, description: 'The MSK cluster' });
    new CfnOutput(this, 'BootstrapServers', {
      value: this.bootstrapServers,
      description: 'Its brokers, for clients in the VPC that authenticate by IAM',
    });
    new CfnOutput(this, 'TopicNames', {
      value: this.topics.names.join(','),
      description: 'The topics of this deployment, one for each feed',
    });
  }
}

function serverProperties(replication: number, minInSyncReplicas: number): string {
  return Object.entries({
    'auto.create.topics.enable': false,
    'default.replication.factor': replication,
    'min.insync.replicas': minInSyncReplicas,
    'offsets.topic.replication.factor': replication,
    'log.message.timestamp.type': 'LogAppendTime',
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}
