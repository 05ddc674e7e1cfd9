import { awsTime } from './alarms.ts';
import type { AlarmTransition } from './types.ts';

/** What CloudWatch publishes of an alarm. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html */
export function notificationOf(
  { alarm, from, to }: AlarmTransition,
  account: string,
  region: string,
): { subject: string; message: string } {
  const { name, description = null, arn, okActions, alarmActions, insufficientDataActions } = alarm;
  const message = {
    AlarmName: name,
    AlarmDescription: description,
    AWSAccountId: account,
    NewStateValue: to.value,
    NewStateReason: to.reason,
    StateChangeTime: awsTime(to.transitioned),
    Region: region,
    AlarmArn: arn,
    OldStateValue: from.value,
    OKActions: okActions,
    AlarmActions: alarmActions,
    InsufficientDataActions: insufficientDataActions,
    ...(alarm.kind === 'composite'
      ? { AlarmRule: alarm.rule }
      : {
          Trigger: {
            Period: alarm.periodSeconds,
            EvaluationPeriods: alarm.evaluationPeriods,
            DatapointsToAlarm: alarm.datapointsToAlarm,
            ComparisonOperator: alarm.comparison,
            Threshold: alarm.threshold,
            TreatMissingData: alarm.missingData,
            Metrics: alarm.metrics,
          },
        }),
  };
  return { subject: `${to.value}: "${name}" in ${region}`.slice(0, 100), message: JSON.stringify(message) };
}
