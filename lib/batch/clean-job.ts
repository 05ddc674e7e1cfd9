import { join } from 'node:path';
import { CfnJob } from 'aws-cdk-lib/aws-glue';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { ArnFormat, Aws, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import { allow, bucketArn, nagged } from '../allow.ts';
import { RAW_PREFIX, WAREHOUSE_PREFIX } from '../lake/catalog.ts';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';
import { ModelAsset } from './model-asset.ts';
import { databaseArns, tableArns } from './table-arns.ts';

export interface CleanJobProps {
  readonly names: Names;
  readonly profile: Profile;
}

const SCRIPTS = join(import.meta.dirname, '..', '..', 'glue-scripts');
/** What Spark calls the Glue catalog. */
const CATALOG = 'glue';

/** Glue has one argument for configuration, so each setting but the first brings its own `--conf`. */
const sparkConf = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(' --conf ');

/** PySpark: raw lines to silver tables and quarantine. A run gives the dates, the watermark and its id. */
export class CleanJob extends Construct {
  readonly job: CfnJob;
  readonly role: Role;

  constructor(scope: Construct, id: string, { names, profile }: CleanJobProps) {
    super(scope, id);
    for (const stream of ['output', 'error']) {
      new LogGroup(this, `Logs-${stream}`, {
        logGroupName: `${names.logGroups.cleanJob}/${stream}`,
        retention: profile.logRetention,
        removalPolicy: RemovalPolicy.DESTROY,
      });
    }
    const script = new Asset(this, 'Script', { path: join(SCRIPTS, 'clean_job.py') });
    const modules = new Asset(this, 'Modules', {
      path: join(SCRIPTS, 'src'),
      exclude: ['**/__pycache__', '**/*.pyc', '**/*.egg-info'],
    });
    const model = new ModelAsset(this, 'Model').asset;
    this.role = this.#makeRole(names, [script, modules, model]);
    const { batch } = profile;
    this.job = new CfnJob(this, 'Job', {
      name: names.cleanJob,
      description: 'Cleans raw lines and merges them into the silver tables',
      role: this.role.roleArn,
      command: { name: 'glueetl', pythonVersion: '3', scriptLocation: script.s3ObjectUrl },
      glueVersion: '5.1',
      workerType: batch.workerType,
      numberOfWorkers: batch.workers,
      timeout: batch.timeoutMinutes,
      // The state machine tries again; one run at a time.
      maxRetries: 0,
      executionProperty: { maxConcurrentRuns: 1 },
      defaultArguments: {
        '--datalake-formats': 'iceberg',
        '--conf': sparkConf({
          'spark.sql.extensions': 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
          [`spark.sql.catalog.${CATALOG}`]: 'org.apache.iceberg.spark.SparkCatalog',
          [`spark.sql.catalog.${CATALOG}.catalog-impl`]: 'org.apache.iceberg.aws.glue.GlueCatalog',
          [`spark.sql.catalog.${CATALOG}.io-impl`]: 'org.apache.iceberg.aws.s3.S3FileIO',
          [`spark.sql.catalog.${CATALOG}.warehouse`]: `s3://${names.buckets.curated}/${WAREHOUSE_PREFIX.slice(0, -1)}`,
          'spark.sql.session.timeZone': 'UTC',
        }),
        '--extra-py-files': modules.s3ObjectUrl,
        '--job-language': 'python',
        '--enable-auto-scaling': 'false',
        '--enable-continuous-cloudwatch-log': 'true',
        '--enable-metrics': 'true',
        '--custom-logGroup-prefix': names.logGroups.cleanJob,
        '--model': model.s3ObjectUrl,
        '--raw_bucket': names.buckets.raw,
        '--curated_bucket': names.buckets.curated,
        '--quarantine_bucket': names.buckets.quarantine,
        '--database': names.glueDatabase,
      },
    });
    Validations.of(this.job).acknowledge(
      { id: 'AwsSolutions-GL1', reason: 'CloudWatch encrypts logs anyway; a row is never logged.' },
      { id: 'AwsSolutions-GL3', reason: 'The job keeps no bookmark of Glue: its ledger is in the curated bucket.' },
    );
  }

  #makeRole(names: Names, assets: readonly Asset[]): Role {
    const { raw, curated, quarantine } = names.buckets;
    const objects = {
      raw: bucketArn(raw, `${RAW_PREFIX}*`),
      tables: bucketArn(curated, `${WAREHOUSE_PREFIX}silver_*`),
      runs: bucketArn(curated, 'runs/*'),
      refused: bucketArn(quarantine, 'quarantine/batch/*'),
    };
    const logs = Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      resourceName: `${names.logGroups.cleanJob}/*`,
    });
    const role = new Role(this, 'Role', {
      description: 'The clean job: reads raw, writes silver tables and refused rows',
      assumedBy: new ServicePrincipal('glue.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        Clean: new PolicyDocument({
          statements: [
            allow(
              ['s3:GetObject'],
              objects.raw,
              ...assets.map(({ s3BucketName, s3ObjectKey }) => bucketArn(s3BucketName, s3ObjectKey)),
            ),
            allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], objects.tables),
            allow(['s3:GetObject', 's3:PutObject'], objects.runs),
            allow(['s3:PutObject', 's3:DeleteObject'], objects.refused),
            allow(['s3:ListBucket'], bucketArn(raw), bucketArn(curated), bucketArn(quarantine)),
            allow(['glue:GetDatabase'], ...databaseArns(this, names.glueDatabase)),
            allow(
              ['glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable'],
              ...tableArns(
                this,
                names.glueDatabase,
                feedNames.map((feed) => names.silverTables[feed]),
              ),
            ),
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logs),
            new PolicyStatement({
              actions: ['cloudwatch:PutMetricData'],
              resources: ['*'],
              conditions: { StringEquals: { 'cloudwatch:namespace': 'Glue' } },
            }),
          ],
        }),
      },
    });
    for (const [resource, reason] of [
      [objects.raw, 'An object is named after the record that it begins with.'],
      [objects.tables, 'Iceberg names the files of its tables.'],
      [objects.runs, 'One object a run, and one a feed and date.'],
      [objects.refused, 'One object a refused row.'],
      [logs, 'Glue makes a log stream for each worker, in two log groups.'],
      ['*', 'Metrics have no resource; only those of Glue may be put.'],
    ] as const) {
      Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${nagged(resource)}]`, reason });
    }
    return role;
  }
}
