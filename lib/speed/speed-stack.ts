import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { CfnOutput } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { KafkaStacks } from '../broker/broker-stack.ts';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';
import { AggregateFunction } from './aggregate-function.ts';
import { ArchiveFunction } from './archive-function.ts';
import { BackfillFunction } from './backfill-function.ts';
import { CleanFunction } from './clean-function.ts';
import { CountersTable } from './counters-table.ts';
import { RedriveFunction } from './redrive-function.ts';

export interface SpeedStackProps extends Deployment {
  /** @default - there are no topics */
  readonly kafka?: KafkaStacks;
}

/** The newest state of every post, and the counters of every metric, within seconds. */
export class SpeedStack extends PinflowStack {
  readonly posts: Table;
  readonly counters: CountersTable;
  readonly aggregate: AggregateFunction;
  readonly clean: CleanFunction;
  readonly redrive: RedriveFunction;
  /** Undefined without the batch path. */
  readonly archive: ArchiveFunction | undefined;

  constructor(scope: Construct, { kafka, ...props }: SpeedStackProps) {
    super(scope, 'speed', props, {
      description: 'Pinflow: the posts, their counters, and the functions that keep both',
    });
    const { names, profile } = this;
    this.posts = new Table(this, 'Posts', {
      tableName: names.postsTable,
      partitionKey: { name: 'ind', type: AttributeType.NUMBER },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: profile.pointInTimeRecovery },
      removalPolicy: this.dataRemoval,
    });
    this.counters = new CountersTable(this, 'Counters', names, profile, this.dataRemoval);
    const tables = { posts: this.posts, counters: this.counters };
    const fed = profile.topicsFeedSpeed ? kafka : undefined;
    this.clean = new CleanFunction(this, 'Clean', {
      names,
      profile,
      ...tables,
      ...(fed && { kafka: fed.broker.arns }),
    });
    if (fed) {
      this.addStackDependency(fed.network, 'the event source mappings poll from its subnets');
      new CfnOutput(this, 'SpeedTopicNames', {
        value: fed.broker.topics.names.join(','),
        description: 'The topics that the clean function reads, as it reads the streams',
      });
    }
    this.redrive = new RedriveFunction(this, 'Redrive', { names, profile, ...tables });
    this.aggregate = new AggregateFunction(this, 'Aggregate', { names, profile, ...tables });
    this.archive = profile.batchPath ? new ArchiveFunction(this, 'Archive', { names, profile }) : undefined;
    if (profile.batchPath) {
      const backfill = new BackfillFunction(this, 'Backfill', { names, profile, ...tables });
      new CfnOutput(this, 'BackfillFunctionName', {
        value: backfill.function.functionName,
        description: 'Stores the rows of raw once more, by the rules of today',
      });
    }

    new CfnOutput(this, 'PostsTable', {
      value: this.posts.tableName,
      description: 'One item a post: its newest pin, geo and user part',
    });
    new CfnOutput(this, 'CountersTable', {
      value: this.counters.tableName,
      description: 'The counters of every metric, and which of them are complete',
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
