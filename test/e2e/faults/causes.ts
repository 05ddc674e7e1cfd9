import { type CloudWatchClient, DescribeAlarmHistoryCommand } from '@aws-sdk/client-cloudwatch';
import { ALARMS, type AlarmName } from '../../../lib/monitoring/alarm-settings.ts';

/** The test file that causes an alarm's fault. It checks its own list at its end, by `thereAndBack`. */
export const CAUSED: Readonly<Record<'speed-faults' | 'batch-faults', readonly AlarmName[]>> = {
  'speed-faults': [
    'api-errors',
    'api-latency',
    'stream-throttles',
    'stream-lag',
    'function-errors',
    'function-throttles',
    'function-lag',
    'table-throttles',
    'table-errors',
    'schedule-dropped',
    'dead-letters',
    'quarantine-rate',
    'live-freshness',
    'canary',
  ],
  'batch-faults': [
    'broker-controller',
    'broker-offline-partitions',
    'broker-disk',
    'broker-cpu',
    'broker-heap',
    'topic-lag',
    'connector-tasks',
    'connector-idle',
    'run-failed',
    'job-failed-tasks',
    'referee-failed',
    'loss',
    'drift',
    'batch-freshness',
  ],
};

/** Alarms whose fault the local runtime cannot cause, each with the reason. */
const ONLY_AWS: Partial<Readonly<Record<AlarmName, string>>> = {
  'broker-under-min-isr': 'There is one broker here, which is the only copy in step while it is up.',
  'broker-under-replicated': 'There is one broker here, so no copy can be behind its leader.',
  'broker-iam-connections':
    'No profile has the level of monitoring that has the metric, and a local broker takes any rate.',
};

/** Alarms that are neither caused nor excused, or both. */
export function unsettledAlarms(): AlarmName[] {
  const settled = [...Object.values(CAUSED).flat(), ...Object.keys(ONLY_AWS)];
  return (Object.keys(ALARMS) as AlarmName[]).filter((name) => settled.filter((one) => one === name).length !== 1);
}

/** Of the alarms, those that went to ALARM and from there back to OK, by CloudWatch's own history. */
export async function thereAndBack(
  cloudwatch: CloudWatchClient,
  names: readonly AlarmName[],
  deployment = 'demo',
): Promise<AlarmName[]> {
  const both = await Promise.all(
    names.map(async (name) => {
      const AlarmName = `pinflow-${deployment}-${name}`;
      const input = { AlarmName, HistoryItemType: 'StateUpdate', ScanBy: 'TimestampAscending' } as const;
      const { AlarmHistoryItems = [] } = await cloudwatch.send(new DescribeAlarmHistoryCommand(input));
      const turns = AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary);
      return turns.includes('Alarm updated from ALARM to OK');
    }),
  );
  return names.filter((_, at) => both[at]);
}
