import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Aws } from 'aws-cdk-lib/core';

export function allow(actions: string[], ...resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources });
}

/** A bucket by its name, or what is in it. */
export const bucketArn = (bucket: string, below = ''): string =>
  `arn:${Aws.PARTITION}:s3:::${bucket}${below === '' ? '' : `/${below}`}`;

/** An ARN as cdk-nag writes it in the id of a finding. */
export const nagged = (text: string): string =>
  text
    .replaceAll(Aws.PARTITION, '<AWS::Partition>')
    .replaceAll(Aws.ACCOUNT_ID, '<AWS::AccountId>')
    .replaceAll(Aws.REGION, '<AWS::Region>');
