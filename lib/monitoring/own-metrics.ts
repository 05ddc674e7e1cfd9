import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import {
  metricsNamespace,
  type OwnFunction,
  type OwnMetricName,
  type ownMetrics,
} from '../../model/monitoring/index.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import type { Shown } from './aws-metrics.ts';

type ByFeed = { [F in OwnFunction]: (typeof ownMetrics)[F]['byFeed'] extends true ? F : never }[OwnFunction];

/** A metric that one of our functions publishes. */
export function ownMetric<F extends Exclude<OwnFunction, ByFeed>>(of: F, name: OwnMetricName<F>, shown: Shown): Metric {
  return metric(name, { function: of }, shown);
}

/** A metric that one of our functions publishes for each feed. */
export function feedMetric<F extends ByFeed>(of: F, name: OwnMetricName<F>, feed: FeedName, shown: Shown): Metric {
  return metric(name, { feed, function: of }, { label: `${feed} ${shown.label ?? name}`, ...shown });
}

const metric = (
  metricName: string,
  dimensionsMap: Readonly<Record<string, string>>,
  { statistic, label = metricName, period = 60 }: Shown,
): Metric =>
  new Metric({
    namespace: metricsNamespace,
    metricName,
    dimensionsMap,
    statistic,
    label,
    period: Duration.seconds(period),
  });
