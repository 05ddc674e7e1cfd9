import { Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { bucketArn, nagged } from '../allow.ts';
import { allow, quarantineArn, SpeedFunction, type SpeedFunctionProps } from './speed-function.ts';

/** Stores the rows of raw once more, by newer rules or after a loss. People invoke it. */
export class BackfillFunction extends SpeedFunction {
  constructor(scope: Construct, id: string, props: SpeedFunctionProps) {
    const { names } = props;
    const raw = bucketArn(names.buckets.raw, 'raw/*');
    super(scope, id, {
      ...props,
      service: 'backfill',
      functionName: names.backfillFunction,
      logGroupName: names.logGroups.backfill,
      description: 'Stores the rows of raw under their original order keys, by the rules of today',
      roleDescription: 'The backfill function: reads raw, stores posts and refused rows',
      statements: [
        allow(['s3:GetObject'], raw),
        allow(['s3:PutObject'], `${quarantineArn(names)}/quarantine/speed/*`),
        // Without it, an object that is gone would be a refusal.
        allow(['s3:ListBucket'], bucketArn(names.buckets.raw)),
      ],
      environment: { RAW_BUCKET: names.buckets.raw },
    });
    Validations.of(this.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${nagged(raw)}]`,
      reason: 'An object is named after the record that it begins with; only reading is allowed.',
    });
    this.acknowledgeObjects(
      names,
      'quarantine/speed',
      'Each of the rows that a rule refused is an object of its own below this prefix; only writing is allowed.',
    );
  }
}
