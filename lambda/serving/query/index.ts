import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { metrics } from '../../../model/metrics/index.ts';
import { questions } from '../../../model/questions/index.ts';
import { clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { answer, type Layers } from './answer.ts';
import { batchLayer } from './batch-layer.ts';
import { catalogOf } from './catalog.ts';
import { unavailable } from './errors.ts';
import { proxyResult, readEvent } from './event.ts';
import { liveLayer } from './live-layer.ts';
import { errorAnswer } from './representation.ts';

const clients = { ...clientDefaults, maxAttempts: 4 };
const dynamodb = new DynamoDBClient(clients);
const runsTable = process.env['RUNS_TABLE'];
const layers: Layers = {
  live: liveLayer(dynamodb, required('COUNTERS_TABLE')),
  ...(runsTable !== undefined && {
    batch: batchLayer(
      {
        dynamodb,
        // Endpoints other than AWS's know buckets by path only.
        s3: new S3Client({ ...clients, forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined }),
      },
      { runsTable, bucket: required('CURATED_BUCKET') },
    ),
  }),
  topicsFeedSpeed: required('TOPICS_FEED_SPEED') === 'true',
  now: Date.now,
};
const catalog = catalogOf(metrics, questions);
const logger = new Logger();

/** Metrics and questions over HTTP: `/metrics`, `/metrics/{name}`, `/questions`, `/questions/{name}`. */
export async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  try {
    return proxyResult(await answer(readEvent(event), catalog, layers));
  } catch (error) {
    logger.error('A layer cannot be read', error as Error);
    return proxyResult(errorAnswer(unavailable('A layer cannot be read at the moment.')));
  }
}
