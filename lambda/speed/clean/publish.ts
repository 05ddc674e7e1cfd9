import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { cleanFunctionDimension, cleanMetrics } from '../../../model/monitoring/clean-metrics.ts';
import type { BatchOutcome } from './clean-batch.ts';

const counts = {
  recordsIn: cleanMetrics.recordsIn,
  rowsIn: cleanMetrics.rowsIn,
  applied: cleanMetrics.rowsApplied,
  duplicate: cleanMetrics.rowsDuplicate,
  superseded: cleanMetrics.rowsSuperseded,
  quarantined: cleanMetrics.rowsQuarantined,
  fieldsIgnored: cleanMetrics.fieldsIgnored,
} as const;

/** Writes a batch's counts and latencies as EMF, with the dimensions `feed` and `function` alone. */
export function publish(metrics: Metrics, { feeds }: BatchOutcome): void {
  metrics.clearDefaultDimensions();
  for (const [feed, outcome] of feeds) {
    metrics.setDefaultDimensions({ feed, function: cleanFunctionDimension });
    // Before the counts: at each hundredth value Powertools publishes all it has.
    for (const ms of outcome.arrivalToStored) {
      metrics.addMetric(cleanMetrics.arrivalToStored, MetricUnit.Milliseconds, ms);
    }
    for (const [count, name] of Object.entries(counts) as [keyof typeof counts, string][]) {
      metrics.addMetric(name, MetricUnit.Count, outcome[count]);
    }
    metrics.publishStoredMetrics();
  }
}
