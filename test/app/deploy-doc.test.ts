import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PROFILES, type Profile, profileNamed, withSwitch } from '../../lib/profiles/index.ts';
import { type OwnFunction, ownMetrics } from '../../model/monitoring/index.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { asText, ofType, type Properties, synth } from './synth.ts';

const SHARD_MONTH = 10.95;
const ON_DEMAND_MONTH = 29;
const KMS_MONTH = 0.1;
/** Of a broker by its type, of a GB of its volume, and of an MSK Connect Unit. */
const BROKER_MONTH: Readonly<Record<string, number>> = { 'kafka.t3.small': 33.29 };
const GIB_MONTH = 0.1;
const MCU_MONTH = 80.3;
/** Of a run that finds nothing: 2 workers for 2 minutes, and nothing else that counts but its metrics. */
const RUNS_MONTH = 0.89;
/** Of Lambda and STS in two zones, where Lambda reads the topics. */
const ENDPOINTS_MONTH = 29.2;
/** Of each metric that an alarm reads. */
const ALARM_MONTH = 0.1;
/** Of a dashboard that reads more than {@link FREE_METRICS}; the first three that do not are free. */
const DASHBOARD_MONTH = 3;
const FREE_METRICS = 50;
/** Of a custom metric, for the hours in which it is written. */
const OWN_METRIC_MONTH = 0.3;
/** Those that are written around the clock, because the canary and the observer never rest. */
const AROUND_THE_CLOCK = { on: { observer: 3, canary: 18 }, off: { observer: 2, canary: 15 } };
/** Requests, invocations and writes of the canary. */
const CANARY_MONTH = 0.25;

const switched = (has: boolean): 'on' | 'off' => (has ? 'on' : 'off');
const text = readFileSync(join(__dirname, '..', '..', 'docs', 'deploy.md'), 'utf8');
const row = (beginning: string) => text.split('\n').find((line) => line.startsWith(`| ${beginning}`));

const written = (...functions: readonly OwnFunction[]): number =>
  functions
    .map((of) => Object.keys(ownMetrics[of].metrics).length * (ownMetrics[of].byFeed ? feedNames.length : 1))
    .reduce((all, count) => all + count, 0);
const BY_RUNS = written('batch', 'referee');

function alarmsOf({ name, batchPath }: Profile) {
  const { monitoring } = synth(name, {}, 'demo', 'none', switched(batchPath)).templates;
  const alarms = Object.values(ofType(monitoring, 'AWS::CloudWatch::Alarm'));
  const read = alarms.flatMap(({ Metrics }) => (Metrics as Properties[]).filter(({ MetricStat }) => MetricStat));
  const large = Object.values(ofType(monitoring, 'AWS::CloudWatch::Dashboard')).filter(
    ({ DashboardBody }) => metricsOf(JSON.parse(asText(DashboardBody))) > FREE_METRICS,
  );
  return { alarms: alarms.length, read: read.length, large: large.length };
}

/** Each metric counts once; what is computed of metrics does not. */
function metricsOf({ widgets }: Properties): number {
  const rows: unknown[][] = widgets.flatMap(({ properties }: Properties) => properties.metrics ?? []);
  const names = rows.map((one) => one.filter((part) => typeof part === 'string'));
  return new Set(names.filter(({ length }) => length > 0).map((name) => name.join('|'))).size;
}

function monitoringMonth(profile: Profile): number {
  const { read, large } = alarmsOf(profile);
  const { observer, canary } = AROUND_THE_CLOCK[switched(profile.batchPath)];
  const always = read * ALARM_MONTH + large * DASHBOARD_MONTH + observer * OWN_METRIC_MONTH;
  return profile.canary ? always + canary * OWN_METRIC_MONTH + CANARY_MONTH : always;
}

function batchMonth({ broker, sink, topicsFeedSpeed }: Profile): number {
  const brokers = broker.brokers * (BROKER_MONTH[broker.instanceType]! + broker.volumeGiB * GIB_MONTH);
  const runs = RUNS_MONTH + (BY_RUNS * OWN_METRIC_MONTH) / 24;
  return brokers + sink.mcu * sink.workers * MCU_MONTH + runs + (topicsFeedSpeed ? ENDPOINTS_MONTH : 0);
}

function idleMonth(profile: Profile): number {
  const { streams, batchPath } = profile;
  const stream = streams.mode === 'on-demand' ? ON_DEMAND_MONTH : streams.shards * SHARD_MONTH;
  return feedNames.length * stream + KMS_MONTH + monitoringMonth(profile) + (batchPath ? batchMonth(profile) : 0);
}

test.each(PROFILES.map((profile) => [profile.name, profile] as const))(
  'docs/deploy.md tells the idle cost of profile %s, of which its budget would not tell',
  (name, profile) => {
    const cost = idleMonth(profile);
    expect(row(`\`${name}\` `)).toContain(`**$${cost.toFixed(2)}**`);
    expect(0.8 * profile.monitoring!.budget).toBeGreaterThan(cost);
  },
);

test('and that of dev without the batch path, its alarms, and the metrics that are paid for', () => {
  const dev = profileNamed('dev');
  const without = withSwitch(dev, 'batchPath', 'off');
  expect(row('`dev` ')).toContain(`without the batch path $${idleMonth(without).toFixed(2)} `);
  const { alarms, read } = alarmsOf(dev);
  expect(row('Alarms, dashboards ')).toContain(`${alarms} alarms, which read ${read} metrics at $0.10`);

  const speed = written('clean', 'aggregate', 'observe', 'canary');
  const always = (path: 'on' | 'off') => AROUND_THE_CLOCK[path].observer + AROUND_THE_CLOCK[path].canary;
  // Without the batch path, its age is not observed.
  const withTraffic = { off: speed - 1 - always('off'), on: speed + written('archive') - always('on') };
  const metrics = row('CloudWatch metrics ');
  expect(metrics).toContain(`${BY_RUNS} custom metrics that a run writes`);
  expect(metrics).toContain(`${withTraffic.off} more, ${withTraffic.on} with the batch path`);
  expect(row('Canary, observer ')).toContain(`${always('on')} custom metrics are written around the clock`);
});
