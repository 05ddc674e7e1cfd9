import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Aws, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { allow } from '../allow.ts';
import type { Names } from '../names.ts';
import type { BatchProfile } from '../profiles/index.ts';

export interface DailyScheduleProps {
  readonly names: Names;
  readonly machineArn: string;
  readonly daily: NonNullable<BatchProfile['daily']>;
}

const HOUR = 3_600;

/** Starts a run every day. The time for which it was meant travels with it, however late it starts. */
export class DailySchedule extends Construct {
  /** Starts that were given up. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { names, machineArn, daily }: DailyScheduleProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: names.scheduleDeadLetters,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is the dead-letter queue.',
    });
    const role = new Role(this, 'Role', {
      description: 'The schedule: starts a run of the batch layer',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        Start: new PolicyDocument({
          statements: [
            allow(['states:StartExecution'], machineArn),
            allow(['sqs:SendMessage'], this.deadLetters.queueArn),
          ],
        }),
      },
    });
    const group = new CfnScheduleGroup(this, 'Group', { name: names.scheduleGroups.batch });
    new CfnSchedule(this, 'Schedule', {
      name: names.schedule,
      groupName: group.ref,
      description: 'A run of the batch layer every day',
      scheduleExpression: `cron(0 ${daily.hour} * * ? *)`,
      scheduleExpressionTimezone: 'UTC',
      flexibleTimeWindow: { mode: 'FLEXIBLE', maximumWindowInMinutes: daily.flexibleMinutes },
      target: {
        arn: machineArn,
        roleArn: role.roleArn,
        input: JSON.stringify({ logical_date: '<aws.scheduler.scheduled-time>' }),
        retryPolicy: { maximumRetryAttempts: 10, maximumEventAgeInSeconds: 6 * HOUR },
        deadLetterConfig: { arn: this.deadLetters.queueArn },
      },
    });
  }
}
