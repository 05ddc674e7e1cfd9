import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { bucketAddressing, clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { s3Quarantine } from '../../shared/quarantine.ts';
import { readFeedBySource } from './event.ts';
import { newestGeneration } from './newest-generation.ts';
import { dynamoPosts } from './posts.ts';

export const s3 = new S3Client({ ...clientDefaults, ...bucketAddressing });
const dynamodb = new DynamoDBClient(clientDefaults);

/** The feeds of the streams and topics, and where their rows go: as the environment of a function that cleans names them. */
export const feedBySource = readFeedBySource(required('FEED_BY_SOURCE'));
export const cleanStores = {
  posts: dynamoPosts(
    dynamodb,
    required('POSTS_TABLE'),
    newestGeneration(dynamodb, required('COUNTERS_TABLE'), Date.now),
  ),
  quarantine: s3Quarantine(s3, required('QUARANTINE_BUCKET'), 'speed'),
};
