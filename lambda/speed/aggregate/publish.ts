import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { aggregateFunctionDimension, aggregateMetrics } from '../../../model/monitoring/aggregate-metrics.ts';
import type { AggregateOutcome } from './aggregate-batch.ts';

/** Writes a batch's figures as EMF, with the dimension `function` alone. */
export function publish(metrics: Metrics, outcome: AggregateOutcome): void {
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ function: aggregateFunctionDimension });
  metrics.addMetric(aggregateMetrics.changesIn, MetricUnit.Count, outcome.records);
  metrics.addMetric(aggregateMetrics.changesUnreadable, MetricUnit.Count, outcome.unreadable);
  metrics.addMetric(aggregateMetrics.countersWritten, MetricUnit.Count, outcome.countersWritten);
  metrics.addMetric(aggregateMetrics.postsTouched, MetricUnit.Count, outcome.touched);
  if (outcome.countersWritten > 0) {
    metrics.addMetric(aggregateMetrics.coalescing, MetricUnit.NoUnit, outcome.deltas / outcome.countersWritten);
  }
  if (outcome.ageMs !== undefined) {
    metrics.addMetric(aggregateMetrics.changeAge, MetricUnit.Milliseconds, outcome.ageMs);
  }
  metrics.publishStoredMetrics();
}
