import { Alarm, type AlarmProps, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Aws } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
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

/** The settings of an alarm in a profile. */
export const settingsOf = (name: AlarmName, profile: Profile): AlarmSettings => ({
  ...ALARMS[name].settings,
  ...profile.monitoring?.alarms[name],
});

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
