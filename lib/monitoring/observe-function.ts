import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { allow, bucketArn } from '../allow.ts';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';
import type { MonitoringProfile } from '../profiles/monitoring.ts';
import { answerAccess } from '../serving/answer-access.ts';
import { EveryMinutes } from './every-minutes.ts';

export interface ObserveFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
  readonly settings: MonitoringProfile;
  readonly scheduleGroup: string;
}

/** Publishes what no service does: how old the answers are, and what waits for a person. */
export class ObserveFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile, settings, scheduleGroup }: ObserveFunctionProps) {
    const table = (resourceName: string) =>
      Stack.of(scope).formatArn({ service: 'dynamodb', resource: 'table', resourceName });
    const { environment } = answerAccess(scope, names, profile);
    super(scope, id, {
      handler: 'monitoring/observe',
      functionName: names.observeFunction,
      logGroupName: names.logGroups.observe,
      logRetention: profile.logRetention,
      description: 'Publishes how old both layers are and what waits for a person',
      roleDescription:
        'The observe function: reads where the layers stand, lists quarantine, marks counters that miss a change',
      policyName: 'Observe',
      statements: [
        // Writing is a mark of the registry: that counters miss a change.
        allow(['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'], table(names.countersTable)),
        ...(profile.batchPath ? [allow(['dynamodb:GetItem'], table(names.runsTable))] : []),
        allow(['s3:ListBucket'], bucketArn(names.buckets.quarantine)),
      ],
      memoryMiB: 256,
      timeoutSeconds: 30,
      environment: { ...environment, QUARANTINE_BUCKET: names.buckets.quarantine },
    });
    new EveryMinutes(this, 'Every', {
      name: names.schedules.observe,
      group: scheduleGroup,
      description: 'Looks at the age of the layers',
      function: this.function,
      minutes: settings.observeMinutes,
    });
  }
}
