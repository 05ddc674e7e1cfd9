import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { SERVED_PREFIX } from '../../model/serving/served-copies.ts';
import { allow, bucketArn, nagged } from '../allow.ts';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';

/** What a function needs that answers from both layers. */
export interface AnswerAccess {
  readonly statements: readonly PolicyStatement[];
  readonly environment: Readonly<Record<string, string>>;
  /** Tells cdk-nag why the function's role is granted all that runs leave. */
  acknowledge(role: IConstruct): void;
}

export function answerAccess(scope: IConstruct, names: Names, profile: Profile): AnswerAccess {
  const copies = bucketArn(names.buckets.curated, `${SERVED_PREFIX}*`);
  const table = (resourceName: string) =>
    Stack.of(scope).formatArn({ service: 'dynamodb', resource: 'table', resourceName });
  return {
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
    environment: {
      COUNTERS_TABLE: names.countersTable,
      TOPICS_FEED_SPEED: String(profile.batchPath && profile.topicsFeedSpeed),
      ...(profile.batchPath && { RUNS_TABLE: names.runsTable, CURATED_BUCKET: names.buckets.curated }),
    },
    acknowledge: (role) => {
      if (!profile.batchPath) return;
      Validations.of(role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${nagged(copies)}]`,
        reason: 'A run leaves its answers under its own id.',
      });
    },
  };
}
