import { type JsonObject, ServiceError } from '../../service.ts';
import type { Alarm, AlarmHistoryItem, AlarmStateValue } from '../types.ts';
import { dimensionsBody, optional, paged, queryBody, required, texts, timeOf } from './input.ts';
import type { Operation, OperationsContext } from './operations.ts';

const PAGE = 50;
const HISTORY_LIMIT = 10_000;
const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] satisfies AlarmStateValue[];
const TYPES = { metric: 'MetricAlarm', composite: 'CompositeAlarm' } as const;
const PLAIN = new Set(['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount']);

export function alarmOperations({ alarms, account, region }: OperationsContext): Record<string, Operation> {
  const resource = (name: string) => ({ resource: `arn:aws:cloudwatch:${region}:${account}:alarm:${name}` });
  return {
    DescribeAlarms: {
      access: (input) => (texts(input['AlarmNames']).length > 0 ? texts(input['AlarmNames']) : ['*']).map(resource),
      call: (input) => {
        const { page, ...next } = paged(
          wanted(alarms.all(), input),
          input['NextToken'],
          Number(input['MaxRecords'] ?? PAGE),
        );
        return {
          MetricAlarms: page.filter(({ kind }) => kind === 'metric').map(alarmBody),
          CompositeAlarms: page.filter(({ kind }) => kind === 'composite').map(alarmBody),
          ...next,
        };
      },
    },
    DescribeAlarmHistory: {
      access: (input) => [resource(optional(input['AlarmName']) ?? '*')],
      call: (input) => {
        const [type, from, to] = [
          optional(input['HistoryItemType']),
          timeOf(input['StartDate']),
          timeOf(input['EndDate']),
        ];
        const kinds = texts(input['AlarmTypes']);
        const found = alarms
          .history(optional(input['AlarmName']), HISTORY_LIMIT)
          .filter(
            (item) =>
              (type === undefined || item.type === type) &&
              (kinds.length === 0 || kinds.includes(TYPES[item.kind])) &&
              item.time >= (from ?? 0) &&
              item.time <= (to ?? Number.POSITIVE_INFINITY),
          );
        if (input['ScanBy'] === 'TimestampAscending') found.reverse();
        const { page, ...next } = paged(found, input['NextToken'], Number(input['MaxRecords'] ?? PAGE));
        return { AlarmHistoryItems: page.map(historyBody), ...next };
      },
    },
    SetAlarmState: {
      access: (input) => [resource(String(input['AlarmName']))],
      call: (input) => {
        const value = required(input, 'StateValue');
        if (!STATES.includes(value)) throw new ServiceError('ValidationError', `${value} is no state of an alarm.`);
        const data = optional(input['StateReasonData']);
        alarms.set(
          required(input, 'AlarmName'),
          value as AlarmStateValue,
          required(input, 'StateReason'),
          parsed(data),
        );
        return {};
      },
    },
  };
}

function wanted(all: readonly Alarm[], input: JsonObject): Alarm[] {
  const [names, types] = [texts(input['AlarmNames']), texts(input['AlarmTypes'])];
  const [prefix, state, action] = [
    optional(input['AlarmNamePrefix']),
    optional(input['StateValue']),
    optional(input['ActionPrefix']),
  ];
  // Composite alarms are told when they are asked for by type.
  const listed = types.length > 0 ? types : ['MetricAlarm'];
  return all.filter(
    (alarm) =>
      listed.includes(TYPES[alarm.kind]) &&
      (names.length === 0 || names.includes(alarm.name)) &&
      alarm.name.startsWith(prefix ?? '') &&
      (state === undefined || alarm.state.value === state) &&
      (action === undefined || alarm.alarmActions.some((arn) => arn.startsWith(action))),
  );
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html */
function alarmBody(alarm: Alarm): JsonObject {
  const { name, arn, description, actionsEnabled, okActions, alarmActions, insufficientDataActions, state } = alarm;
  return {
    AlarmName: name,
    AlarmArn: arn,
    ...(description !== undefined && { AlarmDescription: description }),
    ActionsEnabled: actionsEnabled,
    OKActions: okActions,
    AlarmActions: alarmActions,
    InsufficientDataActions: insufficientDataActions,
    StateValue: state.value,
    StateReason: state.reason,
    StateReasonData: JSON.stringify(state.reasonData),
    StateUpdatedTimestamp: new Date(state.updated),
    StateTransitionedTimestamp: new Date(state.transitioned),
    ...(alarm.kind === 'composite' ? { AlarmRule: alarm.rule } : metricBody(alarm)),
  };
}

function metricBody(alarm: Extract<Alarm, { kind: 'metric' }>): JsonObject {
  const { metrics, evaluationPeriods, datapointsToAlarm, threshold, comparison, missingData } = alarm;
  const stat = metrics.length === 1 ? metrics[0]!.stat : undefined;
  return {
    EvaluationPeriods: evaluationPeriods,
    DatapointsToAlarm: datapointsToAlarm,
    Threshold: threshold,
    ComparisonOperator: comparison,
    TreatMissingData: missingData,
    ...(stat === undefined
      ? { Metrics: metrics.map(queryBody) }
      : {
          Namespace: stat.namespace,
          MetricName: stat.name,
          Dimensions: dimensionsBody(stat.dimensions),
          Period: stat.periodSeconds,
          [PLAIN.has(stat.statistic) ? 'Statistic' : 'ExtendedStatistic']: stat.statistic,
          ...(stat.unit !== undefined && { Unit: stat.unit }),
        }),
  };
}

const historyBody = ({ alarm, kind, time, type, summary, data }: AlarmHistoryItem): JsonObject => ({
  AlarmName: alarm,
  AlarmType: TYPES[kind],
  Timestamp: new Date(time),
  HistoryItemType: type,
  HistorySummary: summary,
  HistoryData: data,
});

function parsed(data: string | undefined): Record<string, unknown> {
  if (data === undefined) return {};
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Refused below.
  }
  throw new ServiceError('InvalidFormat', 'StateReasonData is not a JSON object.');
}
