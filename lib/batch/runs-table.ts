import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';

/**
 * One item, `{id: 'batch', lease?, pointer?, published?}`. Lease: `{runId, expiresAt}`, the run that may write, until then (epoch s).
 * Pointer: `{runId, watermark (epoch ms), model, snapshots (JSON text)}`, the run that readers see.
 * Published: the ids of the last runs that had the pointer, the newest last.
 */
export class RunsTable extends Table {
  constructor(scope: Construct, id: string, names: Names, profile: Profile, removalPolicy: RemovalPolicy) {
    super(scope, id, {
      tableName: names.runsTable,
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: profile.pointInTimeRecovery },
      removalPolicy,
    });
  }
}

export const BATCH_ITEM = 'batch';
