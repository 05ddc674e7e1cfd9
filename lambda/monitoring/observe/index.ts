import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { observeFunctionDimension, observeMetrics } from '../../../model/monitoring/observe-metrics.ts';
import { deployedLayers } from '../../serving/query/deployed-layers.ts';
import { clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { type Observation, observe } from './observe.ts';

const { live, batch } = deployedLayers();
const bucket = required('QUARANTINE_BUCKET');
const s3 = new S3Client({
  ...clientDefaults,
  maxAttempts: 4,
  // Endpoints other than AWS's know buckets by path only.
  forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined,
});
const emf = new Metrics();

/** Publishes how old both layers are, and what waits for a person. */
export async function handler(): Promise<Observation> {
  const found = await observe(
    {
      lastChange: async () => (await live.open()).lastChange(),
      watermark: async () => (await batch?.pointer())?.watermark,
      parkedBatches,
    },
    Date.now(),
  );
  publish(found);
  return found;
}

/** Where event source mappings leave the batches that they give up. */
async function parkedBatches(): Promise<number> {
  let count = 0;
  for await (const { KeyCount = 0 } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: 'aws/lambda/' },
  )) {
    count += KeyCount;
  }
  return count;
}

function publish({ liveFreshness, batchFreshness, parkedBatches: parked }: Observation): void {
  emf.clearDefaultDimensions();
  emf.setDefaultDimensions({ function: observeFunctionDimension });
  if (liveFreshness !== undefined) emf.addMetric(observeMetrics.liveFreshness, MetricUnit.Seconds, liveFreshness);
  if (batchFreshness !== undefined) emf.addMetric(observeMetrics.batchFreshness, MetricUnit.Seconds, batchFreshness);
  emf.addMetric(observeMetrics.parkedBatches, MetricUnit.Count, parked);
  emf.publishStoredMetrics();
}
