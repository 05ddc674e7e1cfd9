import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { CfnOutput } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { KafkaStacks } from '../broker/broker-stack.ts';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';
import { ArchiveFunction } from './archive-function.ts';
import { BackfillFunction } from './backfill-function.ts';
import { CleanFunction } from './clean-function.ts';
import { RedriveFunction } from './redrive-function.ts';

export interface SpeedStackProps extends Deployment {
  /** @default - there are no topics */
  readonly kafka?: KafkaStacks;
}

/** The newest state of every post, within seconds. */
export class SpeedStack extends PinflowStack {
  readonly posts: Table;
  readonly clean: CleanFunction;
  readonly redrive: RedriveFunction;
  /** Undefined without the batch path. */
  readonly archive: ArchiveFunction | undefined;

  constructor(scope: Construct, { kafka, ...props }: SpeedStackProps) {
    super(scope, 'speed', props, { description: 'Pinflow: the clean function and the posts it keeps' });
    const { names, profile } = this;
    this.posts = new Table(this, 'Posts', {
      tableName: names.postsTable,
      partitionKey: { name: 'ind', type: AttributeType.NUMBER },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: profile.pointInTimeRecovery },
      removalPolicy: this.dataRemoval,
    });
    const fed = profile.topicsFeedSpeed ? kafka : undefined;
    this.clean = new CleanFunction(this, 'Clean', {
      names,
      profile,
      posts: this.posts,
      ...(fed && { kafka: fed.broker.arns }),
    });
    if (fed) {
      this.addStackDependency(fed.network, 'the event source mappings poll from its subnets');
      new CfnOutput(this, 'SpeedTopicNames', {
        value: fed.broker.topics.names.join(','),
        description: 'The topics that the clean function reads, as it reads the streams',
      });
    }
    this.redrive = new RedriveFunction(this, 'Redrive', { names, profile, posts: this.posts });
    this.archive = profile.batchPath ? new ArchiveFunction(this, 'Archive', { names, profile }) : undefined;
    if (profile.batchPath) {
      const backfill = new BackfillFunction(this, 'Backfill', { names, profile, posts: this.posts });
      new CfnOutput(this, 'BackfillFunctionName', {
        value: backfill.function.functionName,
        description: 'Stores the rows of raw once more, by the rules of today',
      });
    }

    new CfnOutput(this, 'PostsTable', {
      value: this.posts.tableName,
      description: 'One item a post: its newest pin, geo and user part',
    });
    new CfnOutput(this, 'CleanFunctionName', {
      value: this.clean.function.functionName,
      description: 'Cleans the records of every stream and stores them',
    });
    new CfnOutput(this, 'RedriveFunctionName', {
      value: this.redrive.function.functionName,
      description: 'Takes quarantined rows and given up batches up again',
    });
    new CfnOutput(this, 'CleanLogs', {
      value: this.clean.logs.logGroupName,
      description: 'What the clean function logs',
    });
  }
}
