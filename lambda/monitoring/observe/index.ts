import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { givenUpPrefixes } from '../../../model/kinesis-event.ts';
import { observeFunctionDimension, observeMetrics } from '../../../model/monitoring/observe-metrics.ts';
import { deployedLayers } from '../../serving/query/deployed-layers.ts';
import { bucketAddressing, clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { markInexact } from '../../shared/registry.ts';
import { inexactUpTo, type Observation, observe, type ParkedBatch, waitingBatches } from './observe.ts';

const { live, batch } = deployedLayers();
const bucket = required('QUARANTINE_BUCKET');
const countersTable = required('COUNTERS_TABLE');
const clients = { ...clientDefaults, maxAttempts: 4 };
const dynamodb = new DynamoDBClient(clients);
const s3 = new S3Client({ ...clients, ...bucketAddressing });
const emf = new Metrics();

/**
 * Publishes how old both layers are, and what waits for a person. Has live answers say so where changes were given up:
 * nobody else is told of them.
 */
export async function handler(): Promise<Observation> {
  const { registry, lastChange } = await live.open();
  const parked = await parkedBatches();
  const missedIn = inexactUpTo(parked);
  if (missedIn !== undefined) await markInexact(dynamodb, countersTable, missedIn);
  const found = await observe(
    {
      lastChange,
      watermark: async () => (await batch?.pointer())?.watermark,
      parkedBatches: async () => waitingBatches(parked, registry),
    },
    Date.now(),
  );
  publish(found);
  return found;
}

/** Batches that event source mappings gave up, and changes that could not be read. */
async function parkedBatches(): Promise<readonly ParkedBatch[]> {
  const parked: ParkedBatch[] = [];
  for (const Prefix of givenUpPrefixes) {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix })) {
      for (const { Key, LastModified } of Contents) parked.push({ key: Key!, writtenAt: LastModified?.getTime() ?? 0 });
    }
  }
  return parked;
}

function publish({ liveFreshness, batchFreshness, parkedBatches: parked }: Observation): void {
  emf.clearDefaultDimensions();
  emf.setDefaultDimensions({ function: observeFunctionDimension });
  if (liveFreshness !== undefined) emf.addMetric(observeMetrics.liveFreshness, MetricUnit.Seconds, liveFreshness);
  if (batchFreshness !== undefined) emf.addMetric(observeMetrics.batchFreshness, MetricUnit.Seconds, batchFreshness);
  emf.addMetric(observeMetrics.parkedBatches, MetricUnit.Count, parked);
  emf.publishStoredMetrics();
}
