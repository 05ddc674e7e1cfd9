import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { allow } from '../allow.ts';

export interface EveryMinutesProps {
  readonly name: string;
  /** Of schedules. */
  readonly group: string;
  readonly description: string;
  readonly function: IFunction;
  readonly minutes: number;
}

/**
 * Invokes a function again and again. A start that fails is not made up for: the next one is soon. A function that fails
 * is tried twice more by Lambda itself. @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export class EveryMinutes extends Construct {
  constructor(scope: Construct, id: string, props: EveryMinutesProps) {
    super(scope, id);
    const { functionArn } = props.function;
    const role = new Role(this, 'Role', {
      description: `The schedule ${props.name}: invokes its function`,
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: { Invoke: new PolicyDocument({ statements: [allow(['lambda:InvokeFunction'], functionArn)] }) },
    });
    new CfnSchedule(this, 'Schedule', {
      name: props.name,
      groupName: props.group,
      description: props.description,
      scheduleExpression: `rate(${props.minutes} ${props.minutes === 1 ? 'minute' : 'minutes'})`,
      scheduleExpressionTimezone: 'UTC',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: functionArn,
        roleArn: role.roleArn,
        input: '{}',
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
    });
  }
}
