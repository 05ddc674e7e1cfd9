import { join } from 'node:path';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, EventSourceMapping, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Aws, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';

export interface CleanFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
  readonly posts: Table;
}

const ROOT = join(import.meta.dirname, '..', '..');

/** Reads the stream of every feed; writes posts, and what a rule refuses to quarantine. */
export class CleanFunction extends Construct {
  readonly function: NodejsFunction;
  readonly role: Role;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, { names, profile, posts }: CleanFunctionProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const quarantineArn = `arn:${Aws.PARTITION}:s3:::${names.buckets.quarantine}`;
    const streamArns = feedNames.map((feed) =>
      stack.formatArn({ service: 'kinesis', resource: 'stream', resourceName: names.streams[feed] }),
    );
    this.logs = new LogGroup(this, 'Logs', {
      logGroupName: names.logGroups.clean,
      retention: profile.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      description: 'The clean function: reads the streams, stores posts and refused rows',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Clean: new PolicyDocument({
          statements: [
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.logs.logGroupArn),
            allow(
              [
                'kinesis:DescribeStream',
                'kinesis:DescribeStreamSummary',
                'kinesis:GetRecords',
                'kinesis:GetShardIterator',
                'kinesis:ListShards',
              ],
              ...streamArns,
            ),
            allow(['dynamodb:UpdateItem'], posts.tableArn),
            // Rows that a rule refused, and the batches that the event source mapping gave up.
            allow(['s3:PutObject'], `${quarantineArn}/quarantine/*`, `${quarantineArn}/aws/lambda/*`),
            allow(['s3:ListBucket'], quarantineArn),
          ],
        }),
      },
    });
    this.function = new NodejsFunction(this, 'Function', {
      functionName: names.cleanFunction,
      description: 'Cleans the records of every stream and stores them as posts',
      entry: join(ROOT, 'lambda', 'speed', 'clean', 'index.ts'),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, 'package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: profile.clean.memoryMiB,
      timeout: Duration.seconds(profile.clean.timeoutSeconds),
      role: this.role,
      logGroup: this.logs,
      environment: {
        POSTS_TABLE: names.postsTable,
        QUARANTINE_BUCKET: names.buckets.quarantine,
        FEED_BY_STREAM: JSON.stringify(Object.fromEntries(feedNames.map((feed) => [names.streams[feed], feed]))),
        POWERTOOLS_SERVICE_NAME: 'clean',
        POWERTOOLS_METRICS_NAMESPACE: 'Pinflow',
        NODE_OPTIONS: '--enable-source-maps',
      },
      bundling: {
        minify: true,
        sourceMap: true,
        sourcesContent: false,
        bundleAwsSDK: true,
        mainFields: ['module', 'main'],
      },
    });
    for (const [index, feed] of feedNames.entries()) {
      new EventSourceMapping(this, feed, {
        target: this.function,
        eventSourceArn: streamArns[index]!,
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: profile.clean.batchSize,
        maxBatchingWindow: Duration.seconds(profile.clean.batchingWindowSeconds),
        // Two batches of one shard at a time would only compete for the same posts.
        parallelizationFactor: 1,
        bisectBatchOnError: profile.clean.bisectOnError,
        reportBatchItemFailures: true,
        retryAttempts: profile.clean.retries,
        maxRecordAge: Duration.seconds(profile.clean.maxRecordAgeSeconds),
        // A bucket keeps the records themselves; a queue would be told only where they were.
        onFailure: { bind: () => ({ destination: quarantineArn }) },
      });
    }
    for (const [prefix, content] of [
      ['quarantine', 'rows that a rule refused'],
      ['aws/lambda', 'batches that the event source mappings gave up'],
    ]) {
      Validations.of(this.role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::${nagName(names.buckets.quarantine)}/${prefix}/*]`,
        reason: `Each of the ${content} is an object of its own below this prefix; only writing is allowed.`,
      });
    }
  }
}

/** How cdk-nag writes a name with pseudo parameters in it. */
function nagName(name: string): string {
  return name.replaceAll(Aws.ACCOUNT_ID, '<AWS::AccountId>').replaceAll(Aws.REGION, '<AWS::Region>');
}

function allow(actions: string[], ...resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources });
}
