import { Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import { allow, bucketArn, nagged } from '../allow.ts';
import { RAW_PREFIX, RESULTS_PREFIX, WAREHOUSE_PREFIX } from '../lake/catalog.ts';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';
import { databaseArns, defaultDatabase, tableArns } from './table-arns.ts';

/** Compares the layers: it reads all of them and writes none. */
export class RefereeFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile }: { readonly names: Names; readonly profile: Profile }) {
    const curated = bucketArn(names.buckets.curated);
    const silver = bucketArn(names.buckets.curated, `${WAREHOUSE_PREFIX}silver_*`);
    const raw = bucketArn(names.buckets.raw, `${RAW_PREFIX}*`);
    const results = bucketArn(names.buckets.curated, `${RESULTS_PREFIX}*`);
    const arn = (service: string, resource: string, resourceName: string) =>
      Stack.of(scope).formatArn({ service, resource, resourceName });
    super(scope, id, {
      handler: 'batch/referee',
      functionName: names.refereeFunction,
      logGroupName: names.logGroups.referee,
      logRetention: profile.logRetention,
      description: 'Tells how far the live and the batch layer differ',
      roleDescription: 'The referee function: reads posts, counters, and the raw and silver tables',
      policyName: 'Referee',
      statements: [
        allow(['dynamodb:GetItem'], arn('dynamodb', 'table', names.runsTable)),
        allow(['dynamodb:Scan'], arn('dynamodb', 'table', names.postsTable)),
        allow(['dynamodb:GetItem', 'dynamodb:Scan'], arn('dynamodb', 'table', names.countersTable)),
        allow(['athena:StartQueryExecution', 'athena:GetQueryExecution'], arn('athena', 'workgroup', names.workgroup)),
        allow(['athena:GetDataCatalog'], arn('athena', 'datacatalog', 'AwsDataCatalog')),
        allow(['glue:GetDatabase'], ...databaseArns(scope, names.glueDatabase)),
        defaultDatabase(scope),
        allow(
          ['glue:GetTable'],
          ...tableArns(scope, names.glueDatabase, [
            names.rawTable,
            ...feedNames.map((feed) => names.silverTables[feed]),
          ]),
        ),
        allow(['s3:GetObject'], silver, raw),
        allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'], results),
        allow(['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'], curated),
        allow(['s3:ListBucket', 's3:GetBucketLocation'], bucketArn(names.buckets.raw)),
      ],
      // The counters of some hundred thousand posts, three times.
      memoryMiB: 1_024,
      timeoutSeconds: 600,
      environment: {
        RUNS_TABLE: names.runsTable,
        POSTS_TABLE: names.postsTable,
        COUNTERS_TABLE: names.countersTable,
        WORKGROUP: names.workgroup,
        DATABASE: names.glueDatabase,
        TOPICS_FEED_SPEED: String(profile.topicsFeedSpeed),
      },
    });
    for (const [resource, reason] of [
      [silver, 'Iceberg names the files of its tables.'],
      [raw, 'An object is named after the record that it begins with; only reading is allowed.'],
      [results, 'Athena names the results of a query.'],
    ] as const) {
      Validations.of(this.role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${nagged(resource)}]`, reason });
    }
  }
}
