import {
  type CloudWatchClient,
  GetDashboardCommand,
  paginateDescribeAlarms,
  paginateListDashboards,
  paginateListMetrics,
} from '@aws-sdk/client-cloudwatch';
import { widgetQueries } from '../../../local/console/dashboards/widget-queries.ts';

interface Named {
  readonly Namespace?: string | undefined;
  readonly MetricName?: string | undefined;
  readonly Dimensions?:
    | readonly { readonly Name?: string | undefined; readonly Value?: string | undefined }[]
    | undefined;
}

interface Widget {
  readonly properties: { readonly metrics?: readonly (readonly unknown[])[] };
}

/** A metric with all its dimensions, as a text: CloudWatch sums over none of them. */
function textOf({ Namespace, MetricName, Dimensions = [] }: Named): string {
  const dimensions = Dimensions.map(({ Name, Value }) => `${Name}=${Value}`).sort();
  return `${Namespace} ${MetricName} {${dimensions.join(', ')}}`;
}

/** The metrics that alarms and dashboards read, each with one that reads it. */
export async function metricsRead(client: CloudWatchClient): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const { DashboardEntries = [] } of paginateListDashboards({ client }, {})) {
    for (const { DashboardName } of DashboardEntries) {
      const { DashboardBody } = await client.send(new GetDashboardCommand({ DashboardName }));
      const { widgets } = JSON.parse(DashboardBody!) as { readonly widgets: readonly Widget[] };
      for (const { stat } of widgets.flatMap(({ properties }) => widgetQueries(properties.metrics ?? [], {}).queries)) {
        if (stat === undefined) continue;
        const Dimensions = Object.entries(stat.dimensions).map(([Name, Value]) => ({ Name, Value }));
        found.set(textOf({ Namespace: stat.namespace, MetricName: stat.name, Dimensions }), DashboardName!);
      }
    }
  }
  for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client }, {})) {
    for (const alarm of MetricAlarms) {
      if (alarm.MetricName !== undefined) found.set(textOf(alarm), alarm.AlarmName!);
      for (const { MetricStat } of alarm.Metrics ?? []) {
        if (MetricStat?.Metric) found.set(textOf(MetricStat.Metric), alarm.AlarmName!);
      }
    }
  }
  return found;
}

/** Those of them that nothing has put, with who reads them. */
export async function metricsNotPut(client: CloudWatchClient): Promise<string[]> {
  const read = await metricsRead(client);
  const put = new Set<string>();
  for await (const { Metrics = [] } of paginateListMetrics({ client }, {})) {
    for (const metric of Metrics) put.add(textOf(metric));
  }
  return [...read].filter(([metric]) => !put.has(metric)).map(([metric, reader]) => `${metric} of ${reader}`);
}

export async function alarmsWithoutData(client: CloudWatchClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client }, { StateValue: 'INSUFFICIENT_DATA' })) {
    names.push(...MetricAlarms.map(({ AlarmName }) => AlarmName!));
  }
  return names;
}
