import { describe, expect, test } from '@jest/globals';
import { evaluateReadings, type Reading, reasonOf } from '../../../local/services/cloudwatch/alarm-evaluation.ts';
import { compositeRule } from '../../../local/services/cloudwatch/composite-rule.ts';
import type { AlarmStateValue, MetricAlarm } from '../../../local/services/cloudwatch/types.ts';

const READINGS: Readonly<Record<string, Reading>> = { X: true, '0': false, '-': undefined };
const readings = (text: string): Reading[] => text.split(' ').map((sign) => READINGS[sign]);

/** Of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html; - stays as it is. */
describe.each<[number, number, [string, ...string[]][]]>([
  [
    3,
    3,
    [
      ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
      ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
      ['- - - - -', 'INSUFFICIENT_DATA', '-', 'ALARM', 'OK'],
      ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['- - X - -', 'ALARM', '-', 'ALARM', 'OK'],
    ],
  ],
  [
    2,
    3,
    [
      ['0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
      ['- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
      ['- - - X -', 'ALARM', '-', 'ALARM', 'OK'],
    ],
  ],
])('%i of %i data points', (datapointsToAlarm, evaluationPeriods, rows) => {
  test.each(rows)('%s: missing %s, ignore %s, breaching %s, notBreaching %s', (text, ...expected) => {
    const verdicts = (['missing', 'ignore', 'breaching', 'notBreaching'] as const).map(
      (missing) => evaluateReadings(readings(text), { evaluationPeriods, datapointsToAlarm }, missing).value ?? '-',
    );
    expect(verdicts).toEqual(expected);
  });
});

describe('reasons', () => {
  const alarm = {
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
    threshold: 1,
    comparison: 'GreaterThanThreshold',
    missingData: 'notBreaching',
  } as MetricAlarm;
  const time = Date.UTC(2026, 10, 21, 13, 10);
  const points = [
    { time, value: 0.5 },
    { time: time + 60_000, value: 2 },
    { time: time + 120_000, value: 3 },
  ];

  test.each<[AlarmStateValue, AlarmStateValue, typeof points, number, string]>([
    [
      'OK',
      'ALARM',
      points,
      0,
      'Threshold Crossed: 2 out of the last 3 datapoints [3.0 (21/11/26 13:12:00), 2.0 (21/11/26 13:11:00)] were greater than the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition).',
    ],
    [
      'ALARM',
      'ALARM',
      points,
      0,
      'Threshold Crossed: 2 out of the last 3 datapoints [3.0 (21/11/26 13:12:00), 2.0 (21/11/26 13:11:00)] were greater than the threshold (1.0).',
    ],
    [
      'ALARM',
      'OK',
      points.slice(0, 1),
      2,
      'Threshold Crossed: 1 out of the last 3 datapoints [0.5 (21/11/26 13:10:00)] was not greater than the threshold (1.0) and 2 missing datapoints were treated as [NonBreaching].',
    ],
    [
      'ALARM',
      'OK',
      [],
      3,
      'Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [NonBreaching].',
    ],
    ['OK', 'INSUFFICIENT_DATA', [], 3, 'Insufficient Data: 3 datapoints were unknown.'],
  ])('%s -> %s', (from, to, seen, filled, reason) => {
    expect(reasonOf(alarm, from, to, seen, filled)).toBe(reason);
  });
});

test.each([
  ['ALARM(a)', true],
  ['ALARM("b c") OR OK(a)', false],
  ['NOT OK(a) AND (ALARM(b) OR OK("b c"))', true],
  ['ALARM(arn:aws:cloudwatch:us-east-1:000000000000:alarm:a)', true],
  ['TRUE AND NOT FALSE', true],
])('the rule %s', (rule, holds) => {
  const states: Record<string, AlarmStateValue> = { a: 'ALARM', 'b c': 'OK' };
  expect(compositeRule(rule)((name) => states[name])).toBe(holds);
});

test.each(['ALARM(a', 'ALARM a', 'ALARM(a) OK(b)', 'BROKEN(a)', '"'])('the rule %s is not valid', (rule) => {
  expect(() => compositeRule(rule)).toThrow('the rule');
});
