import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import { allow, bucketArn, nagged } from '../allow.ts';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';

export interface SpeedFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
  readonly posts: Table;
  readonly counters: Table;
}

export interface SpeedFunctionSettings extends SpeedFunctionProps {
  /** The folder of its handler in `lambda/speed`. */
  readonly service: 'clean' | 'redrive' | 'backfill';
  readonly functionName: string;
  readonly logGroupName: string;
  readonly description: string;
  readonly roleDescription: string;
  /** What it may do besides writing its logs and storing posts. */
  readonly statements: readonly PolicyStatement[];
  /** Besides what all of them have. @default - nothing */
  readonly environment?: Readonly<Record<string, string>>;
}

const POLICY_NAMES = { clean: 'Clean', redrive: 'Redrive', backfill: 'Backfill' } as const;

/** A function that stores posts and refused rows. */
export class SpeedFunction extends NodeFunction {
  constructor(scope: Construct, id: string, settings: SpeedFunctionSettings) {
    const { names, profile, posts, counters, service, statements, environment, ...rest } = settings;
    super(scope, id, {
      ...rest,
      handler: `speed/${service}`,
      logRetention: profile.logRetention,
      policyName: POLICY_NAMES[service],
      statements: [
        allow(['dynamodb:UpdateItem'], posts.tableArn),
        // The registry of generations, for the stamps of posts.
        allow(['dynamodb:GetItem'], counters.tableArn),
        ...statements,
      ],
      memoryMiB: profile.clean.memoryMiB,
      timeoutSeconds: profile.clean.timeoutSeconds,
      environment: {
        POSTS_TABLE: names.postsTable,
        COUNTERS_TABLE: names.countersTable,
        QUARANTINE_BUCKET: names.buckets.quarantine,
        FEED_BY_SOURCE: JSON.stringify(feedBySource(names, profile)),
        ...environment,
      },
    });
  }

  /** Tells cdk-nag why the role is granted every object below a prefix of the quarantine bucket. */
  protected acknowledgeObjects(names: Names, prefix: string, reason: string): void {
    const objects = nagged(bucketArn(names.buckets.quarantine, `${prefix}/*`));
    Validations.of(this.role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${objects}]`, reason });
  }
}

/** Stream or topic -> feed, of those that feed the speed layer. */
function feedBySource(names: Names, { batchPath, topicsFeedSpeed }: Profile): Record<string, string> {
  const sources = batchPath && topicsFeedSpeed ? [names.streams, names.topics] : [names.streams];
  return Object.fromEntries(sources.flatMap((of) => feedNames.map((feed) => [of[feed], feed])));
}

export const quarantineArn = (names: Names): string => bucketArn(names.buckets.quarantine);

export { allow };
