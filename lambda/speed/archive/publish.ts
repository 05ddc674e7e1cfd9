import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { archiveFunctionDimension, archiveMetrics } from '../../../model/monitoring/archive-metrics.ts';
import type { ArchiveOutcome } from './archive-batch.ts';

/** Writes what a batch landed as EMF, with the dimensions `feed` and `function` alone. */
export function publish(metrics: Metrics, { landed }: ArchiveOutcome): void {
  metrics.clearDefaultDimensions();
  for (const [feed, { records, objects, bytes }] of landed) {
    metrics.setDefaultDimensions({ feed, function: archiveFunctionDimension });
    metrics.addMetric(archiveMetrics.recordsLanded, MetricUnit.Count, records);
    metrics.addMetric(archiveMetrics.objectsWritten, MetricUnit.Count, objects);
    metrics.addMetric(archiveMetrics.bytesWritten, MetricUnit.Bytes, bytes);
    metrics.publishStoredMetrics();
  }
}
