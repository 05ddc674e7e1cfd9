import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Duration, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { allow, bucketArn, nagged } from '../allow.ts';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';
import { quarantineArn } from './speed-function.ts';

export interface AggregateFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
  /** With a stream of old and new images. */
  readonly posts: Table;
  readonly counters: Table;
}

/** The longest there is: its end is one more call of the function, which has nothing to do. */
const WINDOW = Duration.minutes(15);

/** Reads the change stream of the posts and adds to the counters. */
export class AggregateFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile, posts, counters }: AggregateFunctionProps) {
    const { aggregate } = profile;
    const bucket = quarantineArn(names);
    const prefixes = ['quarantine/changes', 'aws/lambda'];
    super(scope, id, {
      handler: 'speed/aggregate',
      functionName: names.aggregateFunction,
      logGroupName: names.logGroups.aggregate,
      logRetention: profile.logRetention,
      description: 'Adds every change of a post to the counters of every metric, once',
      roleDescription: 'The aggregate function: reads changes of posts, writes counters',
      policyName: 'Aggregate',
      statements: [
        allow(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], posts.tableStreamArn!),
        allow(['dynamodb:ListStreams'], '*'),
        allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], counters.tableArn),
        // At the first use, whether there are posts that no change told of; stamps of posts that were told an old one.
        allow(['dynamodb:Scan', 'dynamodb:UpdateItem'], posts.tableArn),
        // Changes that cannot be read, and batches that came too late.
        allow(['s3:PutObject'], ...prefixes.map((prefix) => `${bucket}/${prefix}/*`)),
        allow(['s3:ListBucket'], bucket),
      ],
      memoryMiB: aggregate.memoryMiB,
      timeoutSeconds: aggregate.timeoutSeconds,
      environment: {
        POSTS_TABLE: names.postsTable,
        COUNTERS_TABLE: names.countersTable,
        QUARANTINE_BUCKET: names.buckets.quarantine,
      },
    });
    new EventSourceMapping(this, 'changes', {
      target: this.function,
      eventSourceArn: posts.tableStreamArn!,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: aggregate.batchSize,
      maxBatchingWindow: Duration.seconds(aggregate.batchingWindowSeconds),
      // A counter knows a shard's changes by the last of them, so they have to come one after the other.
      parallelizationFactor: 1,
      // Only so does an event tell its shard.
      tumblingWindow: WINDOW,
      bisectBatchOnError: true,
      // No limit of tries or age: without a change the counters are wrong. A bucket keeps what the stream itself lets go.
      onFailure: { bind: () => ({ destination: bucket }) },
    });
    for (const prefix of prefixes) {
      Validations.of(this.role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${nagged(bucketArn(names.buckets.quarantine, `${prefix}/*`))}]`,
        reason:
          'Each change that cannot be counted is an object of its own below this prefix; only writing is allowed.',
      });
    }
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Streams are listed for all tables: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html',
    });
  }
}
