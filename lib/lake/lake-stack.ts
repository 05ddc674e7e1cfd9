import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { CfnOutput, Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { checkModel } from '../../model/compile/check-model.ts';
import { metrics } from '../../model/metrics/index.ts';
import { questions } from '../../model/questions/index.ts';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';
import { Catalog, RAW_PREFIX, RESULTS_PREFIX } from './catalog.ts';

/** What is kept: raw as the doors took it, curated as the layers made it, and the rows that a rule refused. */
export class LakeStack extends PinflowStack {
  readonly raw: Bucket;
  readonly curated: Bucket;
  readonly quarantine: Bucket;
  /** Undefined without the batch path. */
  readonly catalog: Catalog | undefined;
  private readonly accessLogs: Bucket;

  /** @throws ModelError when a metric or a question cannot be compiled */
  constructor(scope: Construct, props: Deployment) {
    super(scope, 'lake', props, { description: 'Pinflow: buckets for raw, curated and refused rows' });
    checkModel(metrics, questions);
    const { buckets } = this.names;
    this.accessLogs = this.bucket('AccessLogs', {
      bucketName: buckets.accessLogs,
      lifecycleRules: [{ id: 'expire', expiration: Duration.days(90) }],
    });
    // Raw is the truth, so an overwritten or deleted object can be had back for a while.
    this.raw = this.loggedBucket('Raw', {
      bucketName: buckets.raw,
      versioned: true,
      lifecycleRules: [
        { id: 'expire-noncurrent', noncurrentVersionExpiration: Duration.days(30) },
        // Kept for ever, and after a while read only by backfills. S3 leaves objects below 128 KiB where they are.
        ...(this.profile.batchPath
          ? [
              {
                id: 'cool-down',
                prefix: RAW_PREFIX,
                transitions: [{ storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(90) }],
              },
            ]
          : []),
      ],
    });
    this.curated = this.loggedBucket('Curated', {
      bucketName: buckets.curated,
      ...(this.profile.batchPath && {
        lifecycleRules: [{ id: 'expire-query-results', prefix: RESULTS_PREFIX, expiration: Duration.days(30) }],
      }),
    });
    this.quarantine = this.loggedBucket('Quarantine', { bucketName: buckets.quarantine });

    this.catalog = this.profile.batchPath ? this.makeCatalog() : undefined;

    new CfnOutput(this, 'RawBucket', { value: this.raw.bucketName, description: 'Rows as they arrived' });
    new CfnOutput(this, 'CuratedBucket', { value: this.curated.bucketName, description: 'Tables of the batch layer' });
    new CfnOutput(this, 'QuarantineBucket', {
      value: this.quarantine.bucketName,
      description: 'Rows that a rule refused (quarantine/) and batches that could not be processed (aws/lambda/)',
    });
  }

  private makeCatalog(): Catalog {
    const { names, raw, curated, profile } = this;
    const catalog = new Catalog(this, 'Catalog', { names, raw, curated, scanLimitBytes: profile.batch.scanLimitBytes });
    new CfnOutput(this, 'AthenaWorkgroup', {
      value: names.workgroup,
      description: 'Where to query, with named queries',
    });
    new CfnOutput(this, 'GlueDatabase', {
      value: names.glueDatabase,
      description: 'The tables: raw, silver_*, gold_*',
    });
    return catalog;
  }

  private loggedBucket(id: string, props: BucketProps): Bucket {
    return this.bucket(id, {
      serverAccessLogsBucket: this.accessLogs as IBucket,
      serverAccessLogsPrefix: `${id.toLowerCase()}/`,
      ...props,
    });
  }

  private bucket(id: string, { lifecycleRules = [], ...props }: BucketProps): Bucket {
    return new Bucket(this, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: this.dataRemoval,
      lifecycleRules: [
        ...lifecycleRules,
        { id: 'abort-incomplete-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
      ...props,
    });
  }
}
