import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { metrics } from '../../../model/metrics/index.ts';
import { questions } from '../../../model/questions/index.ts';
import { bucketAddressing, clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { batchLayer } from './batch-layer.ts';
import { catalogOf } from './catalog.ts';
import type { Layers } from './layers.ts';
import { liveLayer } from './live-layer.ts';

/**
 * The layers that the environment names: `COUNTERS_TABLE`, `TOPICS_FEED_SPEED`, and with the batch path `RUNS_TABLE` and
 * `CURATED_BUCKET`.
 * @throws EnvironmentError
 */
export function deployedLayers(): Layers {
  const clients = { ...clientDefaults, maxAttempts: 4 };
  const dynamodb = new DynamoDBClient(clients);
  const runsTable = process.env['RUNS_TABLE'];
  return {
    live: liveLayer(dynamodb, required('COUNTERS_TABLE')),
    ...(runsTable !== undefined && {
      batch: batchLayer(
        {
          dynamodb,
          s3: new S3Client({ ...clients, ...bucketAddressing }),
        },
        { runsTable, bucket: required('CURATED_BUCKET') },
      ),
    }),
    topicsFeedSpeed: required('TOPICS_FEED_SPEED') === 'true',
    now: Date.now,
  };
}

/** All that the model has. */
export const catalog = catalogOf(metrics, questions);
