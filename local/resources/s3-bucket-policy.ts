import { type Policy, parsePolicy } from '../access/policy.ts';
import { policyProblems } from './policy-problems.ts';
import type { ResourceType } from './resource.ts';

/**
 * @param putPolicy sets the policy of a bucket and its objects; undefined takes it away
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucketpolicy.html
 */
export function s3BucketPolicy(putPolicy: (bucketArn: string, policy: Policy | undefined) => void): ResourceType {
  const arn = (bucket: string) => `arn:aws:s3:::${bucket}`;
  return {
    type: 'AWS::S3::BucketPolicy',
    implemented: ['Bucket', 'PolicyDocument'],
    inert: {},
    check: ({ PolicyDocument }) => policyProblems(PolicyDocument, 'bucket policy'),
    async create({ properties }) {
      const bucket = String(properties['Bucket']);
      putPolicy(arn(bucket), parsePolicy(properties['PolicyDocument'], `policy of bucket ${bucket}`));
      return { ref: bucket, attributes: {} };
    },
    async remove({ ref }) {
      putPolicy(arn(ref), undefined);
    },
  };
}
