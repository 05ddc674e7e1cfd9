import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';

/** The counters of every metric, which of them are complete, and how far each shard of the change stream is counted. */
export class CountersTable extends Table {
  constructor(scope: Construct, id: string, names: Names, profile: Profile, removalPolicy: RemovalPolicy) {
    super(scope, id, {
      tableName: names.countersTable,
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      // Of windowed metrics, and of the progress of shards that are over.
      timeToLiveAttribute: 'ttl',
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: profile.pointInTimeRecovery },
      removalPolicy,
    });
  }
}
