import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const everyKind = 'every-kind';

const place = 'us-east-1:000000000000';
const region = 'us-east-1';
const invocations = ['clean', 'archive', 'kafka-rest'].map((name) => [
  'AWS/Lambda',
  'Invocations',
  'FunctionName',
  `pinflow-demo-${name}`,
  { stat: 'Sum', period: 60 },
]);
const metric = (title: string, properties: object) => ({
  type: 'metric',
  properties: { title, region, metrics: invocations, ...properties },
});

/** A widget of each kind, over what a run measures. */
const widgets = [
  { type: 'text', properties: { markdown: '# A text\nwith `code`.' } },
  metric('Lines', { view: 'timeSeries' }),
  metric('Stacked', { view: 'timeSeries', stacked: true }),
  metric('Number', { view: 'singleValue', metrics: [invocations[0]] }),
  metric('Gauge', { view: 'gauge', metrics: [invocations[0]], yAxis: { left: { min: 0, max: 1_000 } } }),
  metric('Bars', { view: 'bar' }),
  metric('Table', { view: 'table' }),
  {
    type: 'alarm',
    properties: {
      title: 'States',
      alarms: ['function-errors', 'topic-lag', 'table-errors'].map(
        (name) => `arn:aws:cloudwatch:${place}:alarm:pinflow-demo-${name}`,
      ),
    },
  },
  {
    type: 'log',
    properties: {
      title: 'Log',
      region,
      view: 'table',
      query: "SOURCE '/pinflow/demo/clean' | fields @timestamp, @message | sort @timestamp desc | limit 20",
    },
  },
  {
    type: 'custom',
    properties: {
      title: 'Answer',
      endpoint: `arn:aws:lambda:${place}:function:pinflow-demo-widget`,
      params: { kind: 'metrics', name: 'posts-by-category' },
      updateOn: { refresh: true },
    },
  },
].map((widget, at) => ({ x: 8 * (at % 3), y: 5 * Math.floor(at / 3), width: 8, height: 5, ...widget }));

/** Adds the dashboard to the template that has the others. @param assembly its folder */
export function addEveryKind(assembly: string): void {
  const file = join(assembly, 'pinflow-demo-monitoring.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8')) as { readonly Resources: Record<string, object> };
  template.Resources['EveryKind'] = {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: { DashboardName: everyKind, DashboardBody: JSON.stringify({ widgets }) },
  };
  writeFileSync(file, JSON.stringify(template));
}
