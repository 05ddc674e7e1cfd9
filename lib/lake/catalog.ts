import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import type { Names } from '../names.ts';
import { namedQueries } from './questions.ts';

export interface CatalogProps {
  readonly names: Names;
  readonly raw: Bucket;
  readonly curated: Bucket;
  readonly scanLimitBytes: number;
}

/** Where Athena writes the results of queries, in the curated bucket. */
export const RESULTS_PREFIX = 'athena/';
/** Where the Iceberg tables are, in the curated bucket. */
export const WAREHOUSE_PREFIX = 'warehouse/';
/** Where the doors' records land, in the raw bucket. */
export const RAW_PREFIX = 'raw/';
/** Arrival dates before it hold nothing. */
const FIRST_DATE = '2026-01-01';

/**
 * A raw line (connect/README.md). `value` is any JSON, read as text; a value that is no JSON is in `valueBase64` instead.
 * Partition and offset are text: a sequence number of Kinesis has 56 digits.
 */
const RAW_COLUMNS = {
  source: 'string',
  topic: 'string',
  partition: 'string',
  offset: 'string',
  timestamp: 'bigint',
  key: 'string',
  value: 'string',
  keybase64: 'string',
  valuebase64: 'string',
} as const;

/** The database, the raw table in it, and the workgroup with a query for each question. Silver and gold are made by a run. */
export class Catalog extends Construct {
  readonly workgroup: CfnWorkGroup;

  constructor(scope: Construct, id: string, { names, raw, curated, scanLimitBytes }: CatalogProps) {
    super(scope, id);
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: {
        name: names.glueDatabase,
        description: `Tables of the Pinflow deployment ${names.deployment}`,
        locationUri: `s3://${curated.bucketName}/${WAREHOUSE_PREFIX.slice(0, -1)}`,
      },
    });
    const rawTable = new CfnTable(this, 'RawTable', {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: names.glueDatabase,
      tableInput: rawTableInput(names.rawTable, raw.bucketName),
    });
    rawTable.addResourceDependency(database);
    this.workgroup = new CfnWorkGroup(this, 'Workgroup', {
      name: names.workgroup,
      description: `Queries of the Pinflow deployment ${names.deployment}`,
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        bytesScannedCutoffPerQuery: scanLimitBytes,
        resultConfiguration: {
          outputLocation: `s3://${curated.bucketName}/${RESULTS_PREFIX}`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
    for (const { name, title, sql } of namedQueries()) {
      const query = new CfnNamedQuery(this, name, {
        name,
        description: title,
        database: names.glueDatabase,
        workGroup: names.workgroup,
        queryString: sql,
      });
      query.addResourceDependency(this.workgroup);
    }
  }
}

/**
 * Athena works out the partitions, so nothing has to be registered when an object lands.
 * @see https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
 */
function rawTableInput(name: string, bucket: string): CfnTable.TableInputProperty {
  return {
    name,
    description: 'Records as they arrived, one a line. Always filter by feed and dt.',
    tableType: 'EXTERNAL_TABLE',
    partitionKeys: [
      { name: 'feed', type: 'string' },
      { name: 'dt', type: 'string', comment: 'Date of arrival, UTC' },
    ],
    parameters: {
      EXTERNAL: 'TRUE',
      classification: 'json',
      compressionType: 'gzip',
      'projection.enabled': 'true',
      'projection.feed.type': 'enum',
      'projection.feed.values': feedNames.join(','),
      'projection.dt.type': 'date',
      'projection.dt.format': 'yyyy-MM-dd',
      'projection.dt.range': `${FIRST_DATE},NOW`,
      'projection.dt.interval': '1',
      'projection.dt.interval.unit': 'DAYS',
      'storage.location.template': `s3://${bucket}/${RAW_PREFIX}\${feed}/dt=\${dt}/`,
    },
    storageDescriptor: {
      location: `s3://${bucket}/${RAW_PREFIX}`,
      columns: Object.entries(RAW_COLUMNS).map(([column, type]) => ({ name: column, type })),
      inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
      outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      compressed: true,
      serdeInfo: {
        serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
        parameters: { 'mapping.keybase64': 'keyBase64', 'mapping.valuebase64': 'valueBase64' },
      },
    },
  };
}
