import { COMPARISONS } from '../services/cloudwatch/alarm-evaluation.ts';
import { dimensionsOf, queryOf } from '../services/cloudwatch/api/input.ts';
import { queryProblems } from '../services/cloudwatch/metric-data.ts';
import type { CloudWatchService } from '../services/cloudwatch/service.ts';
import type { MetricDataQuery, MissingData } from '../services/cloudwatch/types.ts';
import { isIntrinsic } from '../template/intrinsics.ts';
import type { ResourceRequest, ResourceType } from './resource.ts';

type Properties = ResourceRequest['properties'];

const MISSING: readonly string[] = ['missing', 'ignore', 'breaching', 'notBreaching'] satisfies MissingData[];
const ACTIONS = ['AlarmActions', 'OKActions', 'InsufficientDataActions'] as const;
const COMMON = ['ActionsEnabled', 'AlarmDescription', 'AlarmName', ...ACTIONS];
const TAGS = { Tags: 'nothing here reads tags' };

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html */
export function cloudWatchAlarm(cloudWatch: CloudWatchService): ResourceType {
  return {
    type: 'AWS::CloudWatch::Alarm',
    implemented: [
      ...COMMON,
      'ComparisonOperator',
      'DatapointsToAlarm',
      'Dimensions',
      'EvaluationPeriods',
      'ExtendedStatistic',
      'MetricName',
      'Metrics.*.Expression',
      'Metrics.*.Id',
      'Metrics.*.Label',
      'Metrics.*.MetricStat',
      'Metrics.*.Period',
      'Metrics.*.ReturnData',
      'Namespace',
      'Period',
      'Statistic',
      'Threshold',
      'TreatMissingData',
      'Unit',
    ],
    inert: { ...TAGS, 'Metrics.*.AccountId': 'there is one account here' },
    check: (properties) => {
      const { ComparisonOperator, TreatMissingData = 'missing' } = properties;
      return [
        ...actionProblems(properties),
        ...(Object.hasOwn(COMPARISONS, ComparisonOperator)
          ? []
          : [`has the ComparisonOperator ${ComparisonOperator}, which is not supported here`]),
        ...(MISSING.includes(TreatMissingData) ? [] : [`has the unknown TreatMissingData ${TreatMissingData}`]),
        ...queryProblems(queriesOf(properties)).map((problem) => `is not valid: ${problem}`),
      ];
    },
    async create(request) {
      const { properties, generatedName } = request;
      const name: string = properties['AlarmName'] ?? generatedName(255);
      const metrics = queriesOf(properties);
      const evaluationPeriods = Number(properties['EvaluationPeriods']);
      cloudWatch.putAlarm({
        kind: 'metric',
        ...commonOf(cloudWatch, name, properties),
        metrics,
        periodSeconds: Math.max(...metrics.map(({ stat, periodSeconds }) => stat?.periodSeconds ?? periodSeconds ?? 0)),
        evaluationPeriods,
        datapointsToAlarm: Number(properties['DatapointsToAlarm'] ?? evaluationPeriods),
        threshold: Number(properties['Threshold']),
        comparison: properties['ComparisonOperator'],
        missingData: properties['TreatMissingData'] ?? 'missing',
      });
      return { ref: name, attributes: { Arn: cloudWatch.alarmArn(name) } };
    },
    remove: async ({ ref }) => cloudWatch.removeAlarm(ref),
  };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-compositealarm.html */
export function cloudWatchCompositeAlarm(cloudWatch: CloudWatchService): ResourceType {
  return {
    type: 'AWS::CloudWatch::CompositeAlarm',
    implemented: [...COMMON, 'AlarmRule'],
    inert: TAGS,
    check: actionProblems,
    async create({ properties, generatedName }) {
      const name: string = properties['AlarmName'] ?? generatedName(255);
      const common = commonOf(cloudWatch, name, properties);
      cloudWatch.putAlarm({ kind: 'composite', ...common, rule: properties['AlarmRule'] });
      return { ref: name, attributes: { Arn: cloudWatch.alarmArn(name) } };
    },
    remove: async ({ ref }) => cloudWatch.removeAlarm(ref),
  };
}

function commonOf(cloudWatch: CloudWatchService, name: string, properties: Properties) {
  const { AlarmDescription: description, AlarmActions = [], OKActions = [], InsufficientDataActions = [] } = properties;
  return {
    name,
    arn: cloudWatch.alarmArn(name),
    ...(description !== undefined && { description: String(description) }),
    actionsEnabled: String(properties['ActionsEnabled'] ?? true) === 'true',
    alarmActions: AlarmActions,
    okActions: OKActions,
    insufficientDataActions: InsufficientDataActions,
  };
}

/** Of a metric by its name, or of `Metrics`. */
function queriesOf(properties: Properties): MetricDataQuery[] {
  if (properties['Metrics'] !== undefined) return properties['Metrics'].map(queryOf);
  const { Namespace, MetricName, Dimensions, Period, Statistic, ExtendedStatistic, Unit } = properties;
  const stat = {
    namespace: Namespace,
    name: MetricName,
    dimensions: dimensionsOf(Dimensions),
    periodSeconds: Number(Period),
    statistic: Statistic ?? ExtendedStatistic,
    ...(Unit !== undefined && { unit: Unit }),
  };
  return [{ id: 'm1', stat }];
}

/** Only an ARN that is already a string can be told wrong. */
function actionProblems(properties: Properties): string[] {
  const actions: unknown[] = ACTIONS.flatMap((name) => properties[name] ?? []);
  return actions
    .filter((action) => !isIntrinsic(action) && String(action).split(':')[2] !== 'sns')
    .map((action) => `has the action ${String(action)}; only topics are told here`);
}
