import type { S3Service } from '../services/s3/service.ts';
import type { ResourceType } from './resource.ts';

const KEPT = 'objects are kept until they are deleted';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html */
export function s3Bucket(s3: S3Service, region: string): ResourceType {
  return {
    type: 'AWS::S3::Bucket',
    implemented: ['BucketName', 'VersioningConfiguration.Status'],
    inert: {
      AccessControl: 'access is decided by policies alone',
      BucketEncryption: 'objects are kept in plain files below the state directory',
      LifecycleConfiguration: KEPT,
      LoggingConfiguration: 'server access logs are not written; the runtime records every call',
      OwnershipControls: 'there is one account',
      PublicAccessBlockConfiguration: 'nothing is reachable without a key of this runtime',
      Tags: 'nothing here reads tags',
    },
    async create({ properties, generatedName }) {
      const name: string = properties['BucketName'] ?? generatedName(63).toLowerCase();
      await s3.putBucket(name, { versioned: properties['VersioningConfiguration']?.Status === 'Enabled' });
      return {
        ref: name,
        attributes: {
          Arn: `arn:aws:s3:::${name}`,
          DomainName: `${name}.s3.amazonaws.com`,
          RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
        },
      };
    },
  };
}
