import { timetable } from '../services/scheduler/expression.ts';
import { isFunction, type Scheduler } from '../services/scheduler/service.ts';
import type { ResourceType } from './resource.ts';

const DEFAULT_RETRIES = 185;
const DEFAULT_AGE_SECONDS = 86_400;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html */
export function schedule(scheduler: Scheduler): ResourceType {
  return {
    type: 'AWS::Scheduler::Schedule',
    implemented: [
      'FlexibleTimeWindow',
      'GroupName',
      'Name',
      'ScheduleExpression',
      'ScheduleExpressionTimezone',
      'State',
      'Target.Arn',
      'Target.DeadLetterConfig.Arn',
      'Target.Input',
      'Target.RetryPolicy.MaximumEventAgeInSeconds',
      'Target.RetryPolicy.MaximumRetryAttempts',
      'Target.RoleArn',
    ],
    inert: { Description: 'text for people' },
    check: ({ ScheduleExpression: expression, ScheduleExpressionTimezone: zone = 'UTC' }) => {
      try {
        timetable(String(expression), String(zone), 0).next(0);
        return [];
      } catch (error) {
        return [`cannot be kept: ${(error as Error).message}`];
      }
    },
    async create({ properties, path, generatedName }) {
      const target = properties['Target'];
      if (!/:states:[^:]*:[^:]*:stateMachine:/.test(target.Arn) && !isFunction(target.Arn)) {
        throw new Error(`${path}: the target ${target.Arn} is neither a state machine nor a function.`);
      }
      const { arn, name } = scheduler.define({
        name: String(properties['Name'] ?? generatedName(64)),
        group: String(properties['GroupName'] ?? 'default'),
        expression: String(properties['ScheduleExpression']),
        timeZone: String(properties['ScheduleExpressionTimezone'] ?? 'UTC'),
        enabled: (properties['State'] ?? 'ENABLED') === 'ENABLED',
        flexibleWindow: properties['FlexibleTimeWindow'],
        target: {
          arn: target.Arn,
          roleArn: target.RoleArn,
          input: target.Input ?? '{}',
          maximumRetryAttempts: Number(target.RetryPolicy?.MaximumRetryAttempts ?? DEFAULT_RETRIES),
          maximumEventAgeSeconds: Number(target.RetryPolicy?.MaximumEventAgeInSeconds ?? DEFAULT_AGE_SECONDS),
          ...(target.DeadLetterConfig === undefined ? {} : { deadLetterArn: target.DeadLetterConfig.Arn }),
        },
      });
      return { ref: name, attributes: { Arn: arn } };
    },
    remove: async ({ attributes }) => scheduler.remove(attributes['Arn']!),
  };
}

/**
 * A name by which metrics of schedules are told.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedulegroup.html
 */
export const scheduleGroup: ResourceType = {
  type: 'AWS::Scheduler::ScheduleGroup',
  implemented: ['Name'],
  inert: { Tags: 'for people and bills' },
  create: async ({ properties, account, region, generatedName }) => {
    const name = String(properties['Name'] ?? generatedName(64));
    return { ref: name, attributes: { Arn: `arn:aws:scheduler:${region}:${account}:schedule-group/${name}` } };
  },
};
