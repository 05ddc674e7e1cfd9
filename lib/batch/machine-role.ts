import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Aws, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import { allow, bucketArn, nagged } from '../allow.ts';
import { RESULTS_PREFIX, WAREHOUSE_PREFIX } from '../lake/catalog.ts';
import type { Names } from '../names.ts';
import { goldTables } from './gold-statements.ts';
import { databaseArns, defaultDatabase, tableArns } from './table-arns.ts';

export interface MachineRoleProps {
  readonly names: Names;
  readonly functionArns: readonly string[];
  readonly runsTableArn: string;
  readonly failureTopicArn: string;
}

/**
 * What the state machine may do. Athena uses the caller's rights for the catalog and for S3; with `.sync`, Step Functions
 * polls and cancels what it started.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/connect-athena.html
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
 */
export class MachineRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: MachineRoleProps) {
    super(scope, id);
    const { names } = props;
    const arn = (service: string, resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service, resource, resourceName });
    const curated = bucketArn(names.buckets.curated);
    const tables = bucketArn(names.buckets.curated, `${WAREHOUSE_PREFIX}*`);
    const results = bucketArn(names.buckets.curated, `${RESULTS_PREFIX}*`);
    const silver = feedNames.map((feed) => names.silverTables[feed]);
    this.role = new Role(this, 'Role', {
      description: 'The state machine: runs the clean job and the statements that answer the questions',
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        Run: new PolicyDocument({
          statements: [
            allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], props.runsTableArn),
            allow(['lambda:InvokeFunction'], ...props.functionArns),
            allow(
              ['glue:StartJobRun', 'glue:GetJobRun', 'glue:GetJobRuns', 'glue:BatchStopJobRun'],
              arn('glue', 'job', names.cleanJob),
            ),
            allow(
              ['athena:StartQueryExecution', 'athena:GetQueryExecution', 'athena:StopQueryExecution'],
              arn('athena', 'workgroup', names.workgroup),
            ),
            allow(['athena:GetDataCatalog'], arn('athena', 'datacatalog', 'AwsDataCatalog')),
            allow(['glue:GetDatabase'], ...databaseArns(this, names.glueDatabase)),
            defaultDatabase(this),
            allow(
              ['glue:GetTable', 'glue:UpdateTable'],
              ...tableArns(this, names.glueDatabase, [...silver, ...goldTables]),
            ),
            // The job makes silver.
            allow(['glue:CreateTable'], ...tableArns(this, names.glueDatabase, goldTables)),
            // Maintenance removes files that no snapshot needs.
            allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], tables),
            allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'], results),
            allow(['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'], curated),
            allow(['sns:Publish'], props.failureTopicArn),
          ],
        }),
      },
    });
    for (const [resource, reason] of [
      [tables, 'Iceberg names the files of its tables.'],
      [results, 'Athena names the results of a query.'],
    ] as const) {
      Validations.of(this.role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${nagged(resource)}]`, reason });
    }
  }
}
