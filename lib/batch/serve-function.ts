import { Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { SERVED_PREFIX } from '../../model/serving/served-copies.ts';
import { allow, bucketArn, nagged } from '../allow.ts';
import { RESULTS_PREFIX } from '../lake/catalog.ts';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';

/** Copies the results of Athena to where the query function reads them. */
export class ServeFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile }: { readonly names: Names; readonly profile: Profile }) {
    const results = bucketArn(names.buckets.curated, `${RESULTS_PREFIX}*`);
    const copies = bucketArn(names.buckets.curated, `${SERVED_PREFIX}*`);
    super(scope, id, {
      handler: 'batch/serve',
      functionName: names.serveFunction,
      logGroupName: names.logGroups.serve,
      logRetention: profile.logRetention,
      description: 'Leaves the answers of a run where they are served from',
      roleDescription: 'The serve function: copies results of queries, and removes old copies',
      policyName: 'Serve',
      statements: [
        allow(['s3:GetObject'], results),
        allow(['s3:PutObject', 's3:DeleteObject'], copies),
        allow(['s3:ListBucket'], bucketArn(names.buckets.curated)),
      ],
      memoryMiB: 256,
      // Some million rows.
      timeoutSeconds: 300,
      environment: { CURATED_BUCKET: names.buckets.curated },
    });
    for (const [resource, reason] of [
      [results, 'Athena names the results of a query.'],
      [copies, 'A run leaves its answers under its own id.'],
    ] as const) {
      Validations.of(this.role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${nagged(resource)}]`, reason });
    }
  }
}
