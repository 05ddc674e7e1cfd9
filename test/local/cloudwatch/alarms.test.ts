import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AlarmStore } from '../../../local/services/cloudwatch/alarm-store.ts';
import { Alarms } from '../../../local/services/cloudwatch/alarms.ts';
import type { MetricAlarm, MetricDataRequest } from '../../../local/services/cloudwatch/types.ts';

const PERIOD_MS = 10_000;
const start = Date.UTC(2026, 10, 21, 13, 10);
const faulty: MetricAlarm = {
  name: 'faulty',
  arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:faulty',
  kind: 'metric',
  actionsEnabled: false,
  alarmActions: [],
  okActions: [],
  insufficientDataActions: [],
  metrics: [],
  periodSeconds: PERIOD_MS / 1_000,
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  threshold: 0,
  comparison: 'GreaterThanThreshold',
  missingData: 'notBreaching',
};
let store: AlarmStore;
let alarms: Alarms;
/** By the start of a period. */
let faults: Map<number, number>;
let now: number;

beforeEach(() => {
  store = new AlarmStore(':memory:');
  faults = new Map();
  now = start;
  const series = ({ from, to }: MetricDataRequest) => {
    const timestamps = [...faults.keys()].filter((time) => time >= from && time < to);
    const values = timestamps.map((time) => faults.get(time)!);
    return [{ id: 'm', label: 'm', periodSeconds: faulty.periodSeconds, timestamps, values }];
  };
  alarms = new Alarms({ store, data: { series }, act: () => {}, log: () => {}, now: () => now });
  alarms.put(faulty);
});
afterEach(() => store.close());

/** Puts the values of a period each, from the start on; then that time is over, and alarms are evaluated. */
function evaluateAfter(...values: readonly number[]): void {
  values.forEach((value, period) => {
    faults.set(start + period * PERIOD_MS, value);
  });
  now = start + values.length * PERIOD_MS + 2_000;
  alarms.evaluate();
}

const turns = () =>
  alarms
    .history('faulty', 10)
    .filter(({ type }) => type === 'StateUpdate')
    .map(({ summary }) => summary.replace('Alarm updated from ', ''))
    .reverse();

test('a fault of one period is seen, however long nothing was evaluated', () => {
  evaluateAfter(0);
  evaluateAfter(0, 1, 0, 0, 0, 0);
  expect(turns()).toEqual(['INSUFFICIENT_DATA to OK', 'OK to ALARM', 'ALARM to OK']);
});

test('what is evaluated again, or for the first time, is the newest period', () => {
  evaluateAfter(1, 0);
  expect(turns()).toEqual(['INSUFFICIENT_DATA to OK']);
  evaluateAfter(1, 3);
  evaluateAfter(1, 3);
  expect(turns()).toEqual(['INSUFFICIENT_DATA to OK', 'OK to ALARM']);
});
