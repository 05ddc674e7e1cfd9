import { Alarm, type AlarmProps, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Aws } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ContextError } from '../context-error.ts';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';
import { ALARM_METRICS } from './alarm-metrics.ts';
import { ALARMS, type AlarmDefinition, type AlarmName, type AlarmSettings, type Severity } from './alarm-settings.ts';
import type { Sources } from './sources.ts';

export interface PinflowAlarmProps {
  readonly names: Names;
  readonly definition: AlarmDefinition;
  readonly settings: AlarmSettings;
  /** With the settings' period. */
  readonly metric: IMetric;
  readonly topics: Readonly<Record<Severity, ITopic>>;
  readonly tellsAllClear: boolean;
}

const OPERATORS: Readonly<Record<AlarmDefinition['when'], ComparisonOperator>> = {
  above: ComparisonOperator.GREATER_THAN_THRESHOLD,
  atLeast: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  below: ComparisonOperator.LESS_THAN_THRESHOLD,
};
const MISSING: Readonly<Record<AlarmDefinition['missing'], TreatMissingData>> = {
  notBreaching: TreatMissingData.NOT_BREACHING,
  breaching: TreatMissingData.BREACHING,
  ignore: TreatMissingData.IGNORE,
  missing: TreatMissingData.MISSING,
};

/** An alarm that says what it means, where its runbook is and where to look. Its name is its runbook's. */
export class PinflowAlarm extends Alarm {
  readonly severity: Severity;

  constructor(
    scope: Construct,
    id: AlarmName,
    { names, definition, settings, metric, topics, tellsAllClear }: PinflowAlarmProps,
  ) {
    const props: AlarmProps = {
      alarmName: names.alarm(id),
      alarmDescription: descriptionOf(id, definition, names),
      metric,
      threshold: settings.threshold,
      comparisonOperator: OPERATORS[definition.when],
      evaluationPeriods: settings.of,
      datapointsToAlarm: settings.bad,
      treatMissingData: MISSING[definition.missing],
    };
    super(scope, id, props);
    this.severity = definition.severity;
    const action = new SnsAction(topics[definition.severity]);
    this.addAlarmAction(action);
    if (tellsAllClear) this.addOkAction(action);
  }
}

export class AlarmSettingsError extends ContextError {
  override readonly name = 'AlarmSettingsError';
}

const HOUR = 3_600;
const DAY = 24 * HOUR;

/**
 * The settings of an alarm in a profile.
 * @throws AlarmSettingsError where CloudWatch would refuse the alarm, after all other stacks are deployed.
 *   https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
export function settingsOf(name: AlarmName, profile: Profile): AlarmSettings {
  const settings = { ...ALARMS[name].settings, ...profile.monitoring?.alarms[name] };
  const { period, of, bad } = settings;
  const refuse = (why: string): never => {
    throw new AlarmSettingsError(`Alarm ${name}: ${why}`);
  };
  if (![10, 30].includes(period) && (period < 60 || period % 60 !== 0)) {
    refuse(`a period is 10 or 30 seconds, or a multiple of 60; ${period} is none`);
  }
  if (![of, bad].every((count) => Number.isInteger(count) && count > 0) || bad > of) {
    refuse(`at least one period is looked at, and from one to all of them are bad; ${bad} of ${of} cannot be`);
  }
  const longest = period < HOUR ? DAY : 7 * DAY;
  if (of * period > longest)
    refuse(`periods are ${longest} seconds at most, all together; ${of} of ${period} are more`);
  return settings;
}

/** Alarms of all that the deployment has, in the order of the definitions. */
export function makeAlarms(
  scope: Construct,
  sources: Sources,
  topics: Readonly<Record<Severity, ITopic>>,
): readonly PinflowAlarm[] {
  return (Object.keys(ALARMS) as AlarmName[]).flatMap((name) => {
    const settings = settingsOf(name, sources.profile);
    const metric = ALARM_METRICS[name](sources, settings.period);
    if (metric === undefined) return [];
    const { names, profile } = sources;
    const tellsAllClear = profile.monitoring?.tellsAllClear ?? false;
    return [
      new PinflowAlarm(scope, name, { names, definition: ALARMS[name], settings, metric, topics, tellsAllClear }),
    ];
  });
}

function descriptionOf(name: AlarmName, { severity, meaning }: AlarmDefinition, { dashboards }: Names): string {
  const look = `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}#dashboards/dashboard/${dashboards.health}`;
  return [`${meaning}`, `Severity: ${severity}`, `Runbook: docs/runbooks/${name}.md`, `Look: ${look}`].join('\n');
}
