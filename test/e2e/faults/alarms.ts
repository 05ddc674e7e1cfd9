import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import { ALARMS, type AlarmName, type AlarmSettings } from '../../../lib/monitoring/alarm-settings.ts';

export type State = 'ALARM' | 'OK';
type Settings = Partial<Readonly<Record<AlarmName, Partial<AlarmSettings>>>>;

/** The fault is seen in the period in which it happens, and the alarm ends with the first period without it. */
const AT_ONCE: Partial<AlarmSettings> = { period: 10, of: 1, bad: 1 };

/**
 * Context flags (of `synthesize`, or `-c` of the CDK) that make every alarm look at the last ten seconds only.
 * @param more what an alarm has otherwise, such as a smaller `threshold`, or a longer `period` for a metric that comes once
 * a minute
 */
export function shortAlarms(more: Settings = {}): Record<string, string> {
  const names = Object.keys(ALARMS) as AlarmName[];
  return Object.fromEntries(
    names.flatMap((name) =>
      Object.entries({ ...AT_ONCE, ...more[name] }).map(([setting, value]) => [`alarm.${name}.${setting}`, `${value}`]),
    ),
  );
}

/** The alarm did not get to a state in time. The message has its last reason. */
export class AlarmStateError extends Error {
  override readonly name = 'AlarmStateError';
}

/**
 * Waits until an alarm is in a state, as a client of CloudWatch sees it. A short fault may be over before somebody looks:
 * begin to wait before it is, then the alarm's history tells of it.
 * @param name without the deployment: `stream-lag`
 * @throws AlarmStateError
 */
export async function untilAlarm(
  cloudwatch: CloudWatchClient,
  name: AlarmName,
  state: State,
  { limitMs = 60_000, deployment = 'demo' } = {},
): Promise<void> {
  const AlarmName = `pinflow-${deployment}-${name}`;
  const since = new Date();
  for (const end = Date.now() + limitMs; ; await sleep(400)) {
    const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
    const alarm: MetricAlarm | undefined = MetricAlarms?.[0];
    if (alarm?.StateValue === state) return;
    if (state === 'ALARM' && (await wentOff(cloudwatch, AlarmName, since))) return;
    if (Date.now() > end) {
      const stands = alarm === undefined ? 'does not exist' : `is ${alarm.StateValue}: ${alarm.StateReason}`;
      throw new AlarmStateError(`After ${limitMs / 1_000} s the alarm ${name} is not ${state}; it ${stands}`);
    }
  }
}

async function wentOff(cloudwatch: CloudWatchClient, AlarmName: string, StartDate: Date): Promise<boolean> {
  const input = { AlarmName, HistoryItemType: 'StateUpdate', StartDate } as const;
  const { AlarmHistoryItems = [] } = await cloudwatch.send(new DescribeAlarmHistoryCommand(input));
  return AlarmHistoryItems.some(({ HistorySummary }) => HistorySummary?.endsWith('to ALARM'));
}

/** Waits for several at once. @throws AlarmStateError of the first that is late */
export async function untilAlarms(
  cloudwatch: CloudWatchClient,
  names: readonly AlarmName[],
  state: State,
  options: { readonly limitMs?: number; readonly deployment?: string } = {},
): Promise<void> {
  await Promise.all(names.map((name) => untilAlarm(cloudwatch, name, state, options)));
}
