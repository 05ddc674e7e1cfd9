import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AlarmSettingsError, settingsOf } from '../../lib/monitoring/alarm.ts';
import { ALARMS, RUNBOOKS } from '../../lib/monitoring/alarm-settings.ts';
import { AWS_METRICS } from '../../lib/monitoring/aws-metrics.ts';
import { canaryOf } from '../../lib/monitoring/canary-function.ts';
import { combined, MOST_METRICS, TooManyMetricsError } from '../../lib/monitoring/sources.ts';
import {
  PROFILES,
  profileNamed,
  UnknownAlarmError,
  UnknownSwitchError,
  withAlarms,
  withAuth,
  withSwitch,
} from '../../lib/profiles/index.ts';
import { metrics } from '../../model/metrics/index.ts';
import { metricsNamespace, ownMetrics } from '../../model/monitoring/index.ts';
import { questions } from '../../model/questions/index.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { asText, ofType, only, type Properties, type StackTemplate, synth } from '../app/synth.ts';

const whole = synth('dev').templates.monitoring;
const VARIANTS: readonly [string, StackTemplate][] = [
  ['all there is', whole],
  ['the laptop’s settings', synth('laptop').templates.monitoring],
  ['topics feeding the speed layer', synth('dev', {}, 'demo', 'none', 'on', 'on').templates.monitoring],
  ['no batch path', synth('dev', {}, 'demo', 'none', 'off').templates.monitoring],
  ['an API key', synth('dev', {}, 'demo', 'api-key', 'off').templates.monitoring],
];
const RUNBOOK_FOLDER = join(__dirname, '..', '..', 'docs', 'runbooks');

test.each(PROFILES)('no alarm of $name takes for late what waits for others on purpose', (profile) => {
  const { archive, clean, aggregate, sink } = profile;
  const window = Math.max(...[archive, clean, aggregate].map(({ batchingWindowSeconds }) => batchingWindowSeconds));
  expect(settingsOf('function-lag', profile).threshold).toBeGreaterThan(2_000 * window);
  expect(settingsOf('connector-idle', profile).threshold).toBeGreaterThan(2 * sink.flush.seconds);
  expect(settingsOf('topic-lag', profile).threshold).toBeGreaterThan(2 * sink.flush.seconds);
});

interface Seen {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

function alarmMetrics(alarm: Properties): readonly Seen[] {
  const single = alarm['MetricName'] === undefined ? [] : [alarm];
  const stats = ((alarm['Metrics'] ?? []) as Properties[]).flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
  return [...single, ...stats].map(({ Namespace, MetricName, Dimensions = [] }: Properties) => ({
    namespace: Namespace,
    name: MetricName,
    dimensions: Object.fromEntries((Dimensions as Properties[]).map(({ Name, Value }) => [Name, asText(Value)])),
  }));
}

const bodies = (template: StackTemplate) =>
  Object.fromEntries(
    Object.values(ofType(template, 'AWS::CloudWatch::Dashboard')).map(({ DashboardName, DashboardBody }) => [
      DashboardName as string,
      JSON.parse(asText(DashboardBody)) as { readonly periodOverride: string; readonly widgets: readonly Properties[] },
    ]),
  );

function widgetMetrics(template: StackTemplate): readonly Seen[] {
  const widgets = Object.values(bodies(template)).flatMap((body) => body.widgets);
  return widgets
    .flatMap(({ properties }) => (properties['metrics'] ?? []) as unknown[][])
    .filter((row) => typeof row[0] === 'string')
    .map(([namespace, name, ...rest]) => {
      const words = rest.filter((each): each is string => typeof each === 'string');
      const pairs = words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? '']] : []));
      return { namespace: String(namespace), name: String(name), dimensions: Object.fromEntries(pairs) };
    });
}

/** Whether anybody publishes it, with these dimensions. */
function isDeclared({ namespace, name, dimensions }: Seen): boolean {
  const keys = Object.keys(dimensions).sort();
  if (namespace === metricsNamespace) {
    const own = Object.entries(ownMetrics).find(([of]) => of === dimensions['function']);
    const wanted = own?.[1].byFeed ? ['feed', 'function'] : ['function'];
    const feedIsKnown = dimensions['feed'] === undefined || feedNames.some((feed) => feed === dimensions['feed']);
    return (
      own !== undefined && feedIsKnown && Object.values(own[1].metrics).includes(name as never) && same(keys, wanted)
    );
  }
  const known: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = AWS_METRICS;
  const wanted = known[namespace]?.[name];
  return wanted !== undefined && same(keys, [...wanted].sort());
}

const same = (one: readonly string[], other: readonly string[]) => JSON.stringify(one) === JSON.stringify(other);

describe.each(VARIANTS)('with %s', (_, template) => {
  const alarms = Object.values(ofType(template, 'AWS::CloudWatch::Alarm'));

  test('every alarm has a name of the contract, a severity, a runbook, a link, a topic and its missing data', () => {
    expect(alarms.length).toBeGreaterThan(10);
    for (const alarm of alarms) {
      const name = alarm['AlarmName'].slice('pinflow-demo-'.length) as keyof typeof ALARMS;
      const { severity, meaning } = ALARMS[name];
      const description = asText(alarm['AlarmDescription']);
      expect(description.split('\n')).toEqual([
        meaning,
        `Severity: ${severity}`,
        `Runbook: docs/runbooks/${name}.md`,
        expect.stringMatching(/^Look: https:\/\/.*#dashboards\/dashboard\/pinflow-demo-health$/),
      ]);
      expect(description.length).toBeLessThan(1_024);
      expect(alarm['TreatMissingData']).toMatch(/^(notBreaching|breaching|ignore|missing)$/);
      expect(alarm['DatapointsToAlarm']).toBeLessThanOrEqual(alarm['EvaluationPeriods']);
      const [action, ...more] = alarm['AlarmActions'];
      expect([more, alarm['OKActions'] ?? [action]]).toEqual([[], [action]]);
      expect(asText(action)).toMatch(new RegExp(`Alarms${severity}`));
    }
  });

  test('no metric is without dimensions, and each is one that somebody publishes', () => {
    const seen = [...alarms.flatMap(alarmMetrics), ...widgetMetrics(template)];
    expect(seen.length).toBeGreaterThan(80);
    expect(seen.filter((each) => Object.keys(each.dimensions).length === 0)).toEqual([]);
    expect(seen.filter((each) => !isDeclared(each))).toEqual([]);
  });

  test('no alarm reads more metrics than CloudWatch lets it', () => {
    for (const alarm of alarms) expect(alarmMetrics(alarm).length).toBeLessThanOrEqual(MOST_METRICS);
  });

  test('there are three dashboards within their grid, with an output each', () => {
    expect(Object.keys(bodies(template)).sort()).toEqual(
      ['business', 'cost', 'health'].map((name) => `pinflow-demo-${name}`),
    );
    for (const { widgets } of Object.values(bodies(template))) {
      for (const { x, y, width, height } of widgets) {
        expect(x + width).toBeLessThanOrEqual(24);
        expect([y, height].every((each) => Number.isInteger(each) && each >= 0)).toBe(true);
      }
    }
    expect(Object.keys(template.Outputs)).toEqual(
      expect.arrayContaining(['BusinessDashboardUrl', 'HealthDashboardUrl', 'CostDashboardUrl']),
    );
  });
});

test.each(VARIANTS)('with %s, starts that were given up are those of schedules of the deployment', (_, template) => {
  const dropped = Object.values(ofType(template, 'AWS::CloudWatch::Alarm'))
    .flatMap(alarmMetrics)
    .filter(({ namespace }) => namespace === 'AWS/Scheduler');
  expect(dropped.length).toBeGreaterThan(0);
  for (const { dimensions } of dropped) {
    expect(dimensions).toEqual({ ScheduleGroup: expect.stringMatching(/^pinflow-demo-(batch|monitoring)$/) });
  }
  const [group] = Object.keys(ofType(template, 'AWS::Scheduler::ScheduleGroup'));
  for (const { GroupName } of Object.values(ofType(template, 'AWS::Scheduler::Schedule'))) {
    expect(GroupName).toEqual({ Ref: group });
  }
});

test('there is an article for every alarm, and no other', () => {
  expect(
    readdirSync(RUNBOOK_FOLDER)
      .filter((file) => file !== 'README.md')
      .sort(),
  ).toEqual(RUNBOOKS.map((name) => `${name}.md`).sort());
  expect(Object.keys(ALARMS)).toEqual([...RUNBOOKS]);
  expect(existsSync(join(RUNBOOK_FOLDER, 'README.md'))).toBe(true);
});

test('every question and metric of the model has its widget', () => {
  const custom = bodies(whole)['pinflow-demo-business']!.widgets.filter(({ type }) => type === 'custom');
  expect(custom.map(({ properties }) => properties.params)).toEqual([
    ...questions.map(({ name }) => ({ kind: 'questions', name })),
    ...metrics.map(({ name }) => ({ kind: 'metrics', name })),
  ]);
});

test('every alarm that a deployment can have is in the full one', () => {
  const names = Object.values(ofType(whole, 'AWS::CloudWatch::Alarm')).map(({ AlarmName }) => AlarmName);
  // Brokers at the level DEFAULT do not tell of refused connections.
  const expected = RUNBOOKS.filter((name) => name !== 'broker-iam-connections');
  expect(names.sort()).toEqual(expected.map((name) => `pinflow-demo-${name}`).sort());
});

test('the deployment has neither canary nor its alarm where an API key is asked for', () => {
  const [, keyed] = VARIANTS.at(-1)!;
  const names = Object.values(ofType(keyed, 'AWS::Lambda::Function')).map(({ FunctionName }) => FunctionName);
  expect(names.sort()).toEqual(['pinflow-demo-observe', 'pinflow-demo-widget']);
  const alarms = Object.values(ofType(keyed, 'AWS::CloudWatch::Alarm')).map(({ AlarmName }) => AlarmName);
  expect(alarms.filter((name) => /canary|live-freshness/.test(name))).toEqual([]);
});

test('topics may be written to by CloudWatch, and that of warnings by the budget', () => {
  const statements = Object.values(ofType(whole, 'AWS::SNS::TopicPolicy')).map(
    ({ PolicyDocument }) => (PolicyDocument.Statement as Properties[]).find(({ Effect }) => Effect === 'Allow')!,
  );
  expect(statements.map(({ Principal }) => [Principal.Service].flat().sort())).toEqual([
    ['cloudwatch.amazonaws.com'],
    ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'],
  ]);
  expect(only(whole, 'AWS::Budgets::Budget')['Budget']).toMatchObject({ BudgetLimit: { Amount: 300, Unit: 'USD' } });
});

describe('context flags', () => {
  const dev = profileNamed('dev');

  test('set what an alarm compares with', () => {
    const changed = withAlarms(dev, { 'alarm.canary.threshold': '2', 'alarm.canary.bad': 1, profile: 'dev' });
    expect(changed.monitoring!.alarms).toEqual({ ...dev.monitoring!.alarms, canary: { threshold: 2, bad: 1 } });
  });

  test.each([
    [{ 'alarm.stream-lagg.threshold': 1 }, /no alarm "stream-lagg": api-errors, /],
    [{ 'alarm.stream-lag.treshold': 1 }, /no "treshold": use -c alarm\.stream-lag\.<threshold\|period\|of\|bad>/],
    [{ 'alarm.stream-lag': 1 }, /no "": use/],
    [{ 'alarm.stream-lag.of.x': 1 }, /no "of": use/],
    [{ 'alarm.stream-lag.of': 'many' }, /takes a number, not "many"/],
    [{ 'alarm.toString.of': 1 }, /no alarm "toString"/],
  ])('%j is refused', (context, message) => {
    expect(() => withAlarms(dev, context)).toThrow(UnknownAlarmError);
    expect(() => withAlarms(dev, context)).toThrow(message);
  });

  test('give a laptop a canary, and take it from another profile', () => {
    const laptop = profileNamed('laptop');
    expect(canaryOf(laptop)).toBeUndefined();
    expect(canaryOf(withSwitch(laptop, 'canary', 'on'))).toEqual(laptop.monitoring!.canary);
    expect(canaryOf(dev)).toEqual(dev.monitoring!.canary);
    expect(canaryOf(withSwitch(dev, 'canary', 'off'))).toBeUndefined();
    expect(canaryOf(withAuth(dev, 'api-key'))).toBeUndefined();
    expect(() => withSwitch(dev, 'canary', 'yes')).toThrow(UnknownSwitchError);
  });

  test('mean nothing without alarms', () => {
    const { monitoring: _, ...without } = dev;
    expect(() => withAlarms(without, { 'alarm.canary.of': 1 })).toThrow(/Profile dev has no alarms/);
  });
});

test.each([
  [{ of: 2, bad: 3 }, /3 of 2 cannot be/],
  [{ bad: 0 }, /0 of 5 cannot be/],
  [{ of: 2.5 }, /3 of 2.5 cannot be/],
  [{ period: 45 }, /a period is 10 or 30 seconds, or a multiple of 60; 45 is none/],
  [{ period: 0 }, /0 is none/],
  [{ period: 1_800, of: 49 }, /86400 seconds at most, all together; 49 of 1800 are more/],
])('an alarm that looks at %j is refused before CloudWatch does', (settings, message) => {
  const context = Object.entries(settings).map(([name, value]) => [`alarm.stream-lag.${name}`, value]);
  const profile = withAlarms(profileNamed('dev'), Object.fromEntries(context));
  expect(() => settingsOf('stream-lag', profile)).toThrow(AlarmSettingsError);
  expect(() => settingsOf('stream-lag', profile)).toThrow(message);
});

test('each metric of AWS in the list is read by an alarm or a graph', () => {
  const read = VARIANTS.flatMap(([, template]) => [
    ...Object.values(ofType(template, 'AWS::CloudWatch::Alarm')).flatMap(alarmMetrics),
    ...widgetMetrics(template),
  ]).map(({ namespace, name }) => `${namespace} ${name}`);
  const listed = Object.entries(AWS_METRICS).flatMap(([of, names]) =>
    Object.keys(names).map((name) => `${of} ${name}`),
  );
  // From the broker's next level of monitoring on, which no profile has.
  expect(listed.filter((metric) => !read.includes(metric))).toEqual(['AWS/Kafka IAMTooManyConnections']);
});

test('dashboards whose titles name a time keep it, whatever range is looked at', () => {
  const periods = Object.entries(bodies(whole)).map(([name, body]) => [name, body.periodOverride]);
  expect(Object.fromEntries(periods)).toEqual({
    'pinflow-demo-business': 'inherit',
    'pinflow-demo-cost': 'inherit',
    'pinflow-demo-health': 'auto',
  });
});

test('an expression of too many metrics is refused', () => {
  expect(() => combined('all', Array(11).fill(undefined), () => '')).toThrow(TooManyMetricsError);
});
