import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PROFILES } from '../../lib/profiles/index.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { asText, ofType, type Properties, synth } from './synth.ts';

const SHARD_MONTH = 10.95;
const ON_DEMAND_MONTH = 29;
const KMS_MONTH = 0.1;
/** Of a broker by its type, of a GB of its volume, and of an MSK Connect Unit. */
const BROKER_MONTH: Readonly<Record<string, number>> = { 'kafka.t3.small': 33.29 };
const GIB_MONTH = 0.1;
const MCU_MONTH = 80.3;
/** Of a run that finds nothing: 2 workers for 2 minutes, and nothing else that counts. */
const RUNS_MONTH = 0.89;
/** Of each metric that an alarm reads. */
const ALARM_MONTH = 0.1;
/** Of a dashboard that reads more than {@link FREE_METRICS}; the first three that do not are free. */
const DASHBOARD_MONTH = 3;
const FREE_METRICS = 50;
/** Custom metrics that are written around the clock, because the canary and the observer never rest. */
const OWN_METRIC_MONTH = 0.3;
const OWN_METRICS = { observer: 3, canary: 18 };
/** Requests, invocations and writes of the canary. */
const CANARY_MONTH = 0.25;

function monitoringMonth(profile: string, hasCanary: boolean): number {
  const { monitoring } = synth(profile).templates;
  const metrics = Object.values(ofType(monitoring, 'AWS::CloudWatch::Alarm')).flatMap(({ Metrics }) =>
    (Metrics as Properties[]).filter(({ MetricStat }) => MetricStat),
  );
  const large = Object.values(ofType(monitoring, 'AWS::CloudWatch::Dashboard')).filter(
    ({ DashboardBody }) => metricsOf(JSON.parse(asText(DashboardBody))) > FREE_METRICS,
  );
  const always =
    metrics.length * ALARM_MONTH + large.length * DASHBOARD_MONTH + OWN_METRICS.observer * OWN_METRIC_MONTH;
  return hasCanary ? always + OWN_METRICS.canary * OWN_METRIC_MONTH + CANARY_MONTH : always;
}

/** Each metric counts once; what is computed of metrics does not. */
function metricsOf({ widgets }: Properties): number {
  const rows: unknown[][] = widgets.flatMap(({ properties }: Properties) => properties.metrics ?? []);
  const names = rows.map((row) => row.filter((part) => typeof part === 'string'));
  return new Set(names.filter(({ length }) => length > 0).map((name) => name.join('|'))).size;
}

test.each(PROFILES)(
  'docs/deploy.md tells the idle cost of profile $name',
  ({ name, streams, batchPath, broker, sink, canary }) => {
    const stream = streams.mode === 'on-demand' ? ON_DEMAND_MONTH : streams.shards * SHARD_MONTH;
    const brokers = broker.brokers * (BROKER_MONTH[broker.instanceType]! + broker.volumeGiB * GIB_MONTH);
    const batch = batchPath ? brokers + sink.mcu * sink.workers * MCU_MONTH + RUNS_MONTH : 0;
    const cost = feedNames.length * stream + KMS_MONTH + batch + monitoringMonth(name, canary);
    const text = readFileSync(join(__dirname, '..', '..', 'docs', 'deploy.md'), 'utf8');
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` `));
    expect(row).toContain(`**$${cost.toFixed(2)}**`);
  },
);
