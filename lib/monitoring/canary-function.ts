import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { allow, bucketArn, nagged } from '../allow.ts';
import { defaultDatabase, tableArns } from '../batch/table-arns.ts';
import { STAGE } from '../ingest/stage.ts';
import { RAW_PREFIX, RESULTS_PREFIX, WAREHOUSE_PREFIX } from '../lake/catalog.ts';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';
import type { CanaryProfile } from '../profiles/monitoring.ts';
import { EveryMinutes } from './every-minutes.ts';

export interface CanaryFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
  readonly canary: CanaryProfile;
  readonly restApi: RestApi;
  readonly scheduleGroup: string;
}

/**
 * The canary of a profile. Without an API key it cannot call an API that asks for one, and who holds the key is a person.
 */
export const canaryOf = ({ canary, monitoring, api }: Profile): CanaryProfile | undefined =>
  canary && api.auth !== 'api-key' ? monitoring?.canary : undefined;

/** On top of the flush window: what an upload takes. */
const LANDING_SECONDS = 60;

/** Sends a post of its own through the API and follows it to the posts table, raw, silver and an answer. */
export class CanaryFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile, canary, restApi, scheduleGroup }: CanaryFunctionProps) {
    const { batchPath, api, archive } = profile;
    const arn = (service: string, resource: string, resourceName: string) =>
      Stack.of(scope).formatArn({ service, resource, resourceName });
    const curated = bucketArn(names.buckets.curated);
    const raw = bucketArn(names.buckets.raw, `${RAW_PREFIX}pin/*`);
    const silver = bucketArn(names.buckets.curated, `${WAREHOUSE_PREFIX}${names.silverTables.pin}/*`);
    const results = bucketArn(names.buckets.curated, `${RESULTS_PREFIX}*`);
    super(scope, id, {
      handler: 'monitoring/canary',
      functionName: names.canaryFunction,
      logGroupName: names.logGroups.canary,
      logRetention: profile.logRetention,
      description: 'Sends a post of its own and tells whether it arrives everywhere',
      roleDescription: 'The canary: calls the API, looks its own post up in every layer',
      policyName: 'Canary',
      statements: [
        allow(['dynamodb:GetItem'], arn('dynamodb', 'table', names.postsTable)),
        ...(batchPath
          ? [
              allow(['dynamodb:GetItem'], arn('dynamodb', 'table', names.runsTable)),
              allow(['s3:ListBucket'], bucketArn(names.buckets.raw)),
              allow(
                ['athena:StartQueryExecution', 'athena:GetQueryExecution'],
                arn('athena', 'workgroup', names.workgroup),
              ),
              allow(['athena:GetDataCatalog'], arn('athena', 'datacatalog', 'AwsDataCatalog')),
              allow(
                ['glue:GetDatabase', 'glue:GetTable'],
                ...tableArns(scope, names.glueDatabase, [names.silverTables.pin]),
              ),
              defaultDatabase(scope),
              allow(['s3:GetObject'], raw, silver),
              allow(
                ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
                results,
              ),
              allow(['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'], curated),
            ]
          : []),
        ...(api.auth === 'iam'
          ? [
              allow(
                ['execute-api:Invoke'],
                restApi.arnForExecuteApi('PUT', `/streams/${names.streams.pin}/record`, STAGE),
                restApi.arnForExecuteApi('GET', '/questions/recent_errors', STAGE),
              ),
            ]
          : []),
      ],
      memoryMiB: 256,
      timeoutSeconds: 3 * canary.storedWithinSeconds,
      environment: {
        API_URL: restApi.url,
        API_AUTH: api.auth,
        PIN_STREAM: names.streams.pin,
        POSTS_TABLE: names.postsTable,
        PERIOD_SECONDS: String(canary.everyMinutes * 60),
        STORED_WITHIN_SECONDS: String(canary.storedWithinSeconds),
        LANDED_WITHIN_SECONDS: String(archive.batchingWindowSeconds + LANDING_SECONDS),
        ...(batchPath && {
          RUNS_TABLE: names.runsTable,
          RAW_BUCKET: names.buckets.raw,
          CURATED_BUCKET: names.buckets.curated,
          WORKGROUP: names.workgroup,
          DATABASE: names.glueDatabase,
        }),
      },
    });
    if (batchPath) {
      for (const [resource, reason] of [
        [raw, 'An object is named after the record that it begins with; only reading is allowed.'],
        [silver, 'Iceberg names the files of its tables.'],
        [results, 'Athena names the results of a query.'],
      ] as const) {
        Validations.of(this.role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${nagged(resource)}]`, reason });
      }
    }
    new EveryMinutes(this, 'Every', {
      name: names.schedules.canary,
      group: scheduleGroup,
      description: 'Has the canary send its post',
      function: this.function,
      minutes: canary.everyMinutes,
    });
  }
}
