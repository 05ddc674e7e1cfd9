import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Duration, Validations } from 'aws-cdk-lib/core';
import { feedNames } from '../../model/rules/rule.ts';
import { allow } from '../allow.ts';
import type { KafkaArns } from '../broker/kafka-arns.ts';
import type { Names } from '../names.ts';
import type { NodeFunction } from '../node-function.ts';
import type { CleanProfile } from '../profiles/index.ts';

export interface ReadTopicsProps {
  readonly names: Names;
  readonly settings: CleanProfile;
  readonly arns: KafkaArns;
}

/** An event source mapping makes its network interfaces in the cluster's subnets as the function's role. */
const NETWORK_INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
];

/**
 * What an event source mapping does with a cluster, its topics and groups, as the function that it invokes.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html
 */
export function readTopicsStatements({ names, arns }: ReadTopicsProps): PolicyStatement[] {
  return [
    allow(
      [
        'kafka:DescribeClusterV2',
        'kafka:GetBootstrapBrokers',
        'kafka-cluster:Connect',
        'kafka-cluster:DescribeClusterDynamicConfiguration',
      ],
      arns.cluster,
    ),
    allow(
      ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
      ...feedNames.map((feed) => arns.topic(names.topics[feed])),
    ),
    allow(
      ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
      ...feedNames.map((feed) => arns.group(names.cleanGroups[feed])),
    ),
    allow(NETWORK_INTERFACES, '*'),
  ];
}

/**
 * Has the topics read by the function. A batch that fails comes again for as long as the topic keeps it: without pollers
 * of its own, which cost by the hour, a mapping has neither a limit of tries or age nor answers about single records.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */
export function readTopics(target: NodeFunction, { names, settings, arns }: ReadTopicsProps): void {
  for (const feed of feedNames) {
    new EventSourceMapping(target, `${feed}-topic`, {
      target: target.function,
      eventSourceArn: arns.cluster,
      kafkaTopic: names.topics[feed],
      kafkaConsumerGroupId: names.cleanGroups[feed],
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: settings.batchSize,
      maxBatchingWindow: Duration.seconds(settings.batchingWindowSeconds),
    });
  }
  Validations.of(target.role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'Lambda wants these actions for all resources before it reads a cluster in a VPC: https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html',
  });
}
