import { describe, expect, test } from '@jest/globals';
import { asText, ofType, synth } from '../app/synth.ts';

const { lake } = synth().templates;
const buckets = ofType(lake, 'AWS::S3::Bucket');
const policies = Object.values(ofType(lake, 'AWS::S3::BucketPolicy'));

describe.each(Object.entries(buckets))('%s', (id, bucket) => {
  test('is encrypted, closed to the public and left without half-finished uploads', () => {
    expect(bucket).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    const rules = bucket['LifecycleConfiguration'].Rules;
    expect(rules).toContainEqual(
      expect.objectContaining({ Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }),
    );
  });

  test('refuses requests without TLS', () => {
    const policy = policies.find(({ Bucket }) => Bucket.Ref === id)!;
    expect(policy['PolicyDocument'].Statement[0]).toMatchObject({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: 's3:*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });
});

test('raw alone is versioned, and forgets old versions after 30 days', () => {
  const versioned = Object.entries(buckets).filter(([, bucket]) => bucket['VersioningConfiguration']);
  expect(versioned.map(([id]) => id.slice(0, 3))).toEqual(['Raw']);
  expect(versioned[0]![1]['LifecycleConfiguration'].Rules).toContainEqual(
    expect.objectContaining({ NoncurrentVersionExpiration: { NoncurrentDays: 30 } }),
  );
});

test('who used a bucket is logged in another one', () => {
  const logged = Object.fromEntries(
    Object.entries(buckets).map(([id, { LoggingConfiguration: logging }]) => [
      id.slice(0, -8),
      logging && `${asText(logging.DestinationBucketName)} ${logging.LogFilePrefix}`,
    ]),
  );
  expect(logged).toEqual({
    AccessLogs: undefined,
    Raw: '${AccessLogs8B620ECA} raw/',
    Curated: '${AccessLogs8B620ECA} curated/',
    Quarantine: '${AccessLogs8B620ECA} quarantine/',
  });
});
