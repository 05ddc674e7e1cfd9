import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Aws, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import { allow, bucketArn, nagged } from '../allow.ts';
import type { KafkaArns } from '../broker/kafka-arns.ts';
import type { Names } from '../names.ts';

export interface ConnectorRoleProps {
  readonly names: Names;
  readonly arns: KafkaArns;
}

/** Topics and groups in which MSK Connect keeps the state of its workers; their names end in ids that it makes. */
const WORKER_STATE = '__amazon_msk_connect_*';

/**
 * What a connector's worker needs of the cluster, and the connector of S3.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-service-execution-role.html
 */
export class ConnectorRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { names, arns }: ConnectorRoleProps) {
    super(scope, id);
    const raw = bucketArn(names.buckets.raw);
    // By the cluster's name alone, since the rest of the name is open too.
    const ofWorkers = (resource: string) =>
      Stack.of(this).formatArn({ service: 'kafka', resource, resourceName: `${names.cluster}/*/${WORKER_STATE}` });
    const workerState = { topic: ofWorkers('topic'), group: ofWorkers('group') };
    // What Connect calls the consumer group of a sink.
    const group = `connect-${names.connector}`;
    this.role = new Role(this, 'Role', {
      description: 'The connector: reads the topics, writes to the raw bucket',
      assumedBy: new ServicePrincipal('kafkaconnect.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        Sink: new PolicyDocument({
          statements: [
            allow(['kafka-cluster:Connect', 'kafka-cluster:DescribeCluster'], arns.cluster),
            allow(
              [
                'kafka-cluster:CreateTopic',
                'kafka-cluster:DescribeTopic',
                'kafka-cluster:ReadData',
                'kafka-cluster:WriteData',
              ],
              workerState.topic,
            ),
            allow(
              ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
              ...feedNames.map((feed) => arns.topic(names.topics[feed])),
            ),
            allow(['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'], workerState.group, arns.group(group)),
            // Reading is a look at the metadata of the object that another writer made first.
            allow(['s3:GetObject', 's3:PutObject'], bucketArn(names.buckets.raw, 'raw/*')),
            // Without it, an object that is not there would be a refusal.
            allow(['s3:ListBucket'], raw),
          ],
        }),
      },
    });
    Validations.of(this.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${nagged(`${raw}/raw/*`)}]`,
      reason: 'An object is named after the record that it begins with.',
    });
    for (const [kind, arn] of Object.entries(workerState)) {
      Validations.of(this.role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${nagged(arn)}]`,
        reason: `MSK Connect ends the name of each ${kind} in which its workers keep their state in ids that it makes.`,
      });
    }
  }
}
