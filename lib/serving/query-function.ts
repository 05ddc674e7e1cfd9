import { Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { SERVED_PREFIX } from '../../model/served-copies.ts';
import { allow, bucketArn, nagged } from '../allow.ts';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';

export interface QueryFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
}

/** Reads the counters, and what the last run left of its answers. It writes nothing and asks no query engine. */
export class QueryFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile }: QueryFunctionProps) {
    const copies = bucketArn(names.buckets.curated, `${SERVED_PREFIX}*`);
    const table = (resourceName: string) =>
      Stack.of(scope).formatArn({ service: 'dynamodb', resource: 'table', resourceName });
    super(scope, id, {
      handler: 'serving/query',
      functionName: names.queryFunction,
      logGroupName: names.logGroups.query,
      logRetention: profile.logRetention,
      description: 'Metrics and answers to questions, live and from the batch layer',
      roleDescription: 'The query function: reads counters and what runs leave of their answers',
      policyName: 'Query',
      statements: [
        allow(['dynamodb:GetItem', 'dynamodb:Query'], table(names.countersTable)),
        ...(profile.batchPath
          ? [
              allow(['dynamodb:GetItem'], table(names.runsTable)),
              allow(['s3:GetObject'], copies),
              // Without it, a copy that is not there would be a refusal.
              allow(['s3:ListBucket'], bucketArn(names.buckets.curated)),
            ]
          : []),
      ],
      // A live answer of the largest read budget is some 10 MB of items.
      memoryMiB: 512,
      // API Gateway waits 29 s.
      timeoutSeconds: 28,
      environment: {
        COUNTERS_TABLE: names.countersTable,
        TOPICS_FEED_SPEED: String(profile.batchPath && profile.topicsFeedSpeed),
        ...(profile.batchPath && { RUNS_TABLE: names.runsTable, CURATED_BUCKET: names.buckets.curated }),
      },
    });
    if (!profile.batchPath) return;
    Validations.of(this.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${nagged(copies)}]`,
      reason: 'A run leaves its answers under its own id.',
    });
  }
}
