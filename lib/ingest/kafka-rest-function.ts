import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import { allow } from '../allow.ts';
import type { KafkaStacks } from '../broker/broker-stack.ts';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';

export interface KafkaRestFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
  readonly kafka: KafkaStacks;
}

/** Lambda makes the network interfaces of a function in a VPC as the function's role. */
const NETWORK_INTERFACES = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** The topics door: a producer that lives as long as its environment, in the VPC of the brokers. */
export class KafkaRestFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile, kafka }: KafkaRestFunctionProps) {
    const { network, broker } = kafka;
    const { kafkaRest } = profile;
    super(scope, id, {
      handler: 'ingest/kafka-rest',
      functionName: names.kafkaRestFunction,
      logGroupName: names.logGroups.kafkaRest,
      logRetention: profile.logRetention,
      description: "Confluent's REST proxy, as far as the contract goes, in front of the topics",
      roleDescription: 'The topics door: writes to the topics',
      policyName: 'KafkaRest',
      statements: [
        allow(['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'], broker.arns.cluster),
        allow(
          ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
          ...feedNames.map((feed) => broker.arns.topic(names.topics[feed])),
        ),
        allow(NETWORK_INTERFACES, '*'),
      ],
      memoryMiB: kafkaRest.memoryMiB,
      timeoutSeconds: kafkaRest.timeoutSeconds,
      environment: {
        BOOTSTRAP_BROKERS: broker.bootstrapServers,
        TOPIC_BY_FEED: JSON.stringify(names.topics),
      },
      // The Kafka client finds a WebAssembly file by its module's URL. A bundle has neither: the package's other entry has the
      // file inside, and what is left of such URLs is only asked for modules.
      esbuildArgs: {
        '--alias': ['@platformatic/wasm-utils=@platformatic/wasm-utils/bundled'],
        '--define': ['import.meta.url=__filename'],
      },
      function: {
        vpc: network.vpc as IVpc,
        vpcSubnets: { subnets: network.vpc.isolatedSubnets },
        securityGroups: [network.kafkaRest],
        reservedConcurrentExecutions: kafkaRest.reservedConcurrency,
      },
    });
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'Lambda wants these actions for all resources before it puts a function into a VPC: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html',
    });
  }
}
