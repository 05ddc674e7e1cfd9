import { AthenaClient } from '@aws-sdk/client-athena';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { HeadObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Post } from '../../../model/post.ts';
import { batchLayer } from '../../serving/query/batch-layer.ts';
import { athenaRows } from '../../shared/athena-query.ts';
import { bucketAddressing, clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import type { Answer, World } from './canary.ts';
import { rawPlace, reaches } from './order-keys.ts';

/** Sends a request to the API, signed where callers have to be known. */
export type Fetch = (path: string, init: { readonly method: string; readonly body?: string }) => Promise<Response>;

/** Objects that begin before a record and may still hold it: a retry of the archive function can leave an overlap. */
const candidates = 3;

export class DoorError extends Error {
  override readonly name = 'DoorError';
}

/** The deployment that the environment names. @throws EnvironmentError */
export function deployedWorld(fetch: Fetch): World {
  const clients = { ...clientDefaults, maxAttempts: 4 };
  const dynamodb = new DynamoDBClient(clients);
  const [postsTable, stream] = [required('POSTS_TABLE'), required('PIN_STREAM')];
  return {
    async post(ind) {
      const body = JSON.stringify({ StreamName: stream, PartitionKey: 'canary', Data: canaryPost(ind) });
      const response = await fetch(`streams/${stream}/record`, { method: 'PUT', body });
      if (response.status !== 200) throw new DoorError(`The door answers ${response.status}: ${await response.text()}`);
      const { ShardId, SequenceNumber } = (await response.json()) as { ShardId: string; SequenceNumber: string };
      return { shard: ShardId, sequence: SequenceNumber };
    },
    async stored(ind) {
      const Key = { ind: { N: String(ind) } };
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: postsTable, Key, ConsistentRead: true }));
      return Item && (unmarshall(Item) as Post).pin?.k;
    },
    async answer(): Promise<Answer> {
      const response = await fetch('questions/recent_errors', { method: 'GET' });
      const { layer = '', watermark } = (await response.json()) as { layer?: string; watermark?: string | null };
      return { status: response.status, layer, watermark: watermark ? Date.parse(watermark) : undefined };
    },
    ...(process.env['RUNS_TABLE'] !== undefined && { batch: deployedBatch(dynamodb, clients) }),
  };
}

function deployedBatch(dynamodb: DynamoDBClient, clients: typeof clientDefaults): NonNullable<World['batch']> {
  const s3 = new S3Client({ ...clients, ...bucketAddressing });
  const athena = new AthenaClient(clients);
  const [Bucket, curated] = [required('RAW_BUCKET'), required('CURATED_BUCKET')];
  const { pointer } = batchLayer({ dynamodb, s3 }, { runsTable: required('RUNS_TABLE'), bucket: curated });
  const [workgroup, database] = [required('WORKGROUP'), required('DATABASE')];
  return {
    pointer,
    async hasLanded(orderKey) {
      const { prefix: Prefix, own } = rawPlace(orderKey, 'pin');
      const before: string[] = [];
      for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix })) {
        for (const { Key = '' } of Contents) if (Key <= own) before.push(Key);
      }
      for (const Key of before.slice(-candidates)) {
        const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
        if (reaches(Metadata, orderKey)) return true;
      }
      return false;
    },
    async silver(ind) {
      const sql = `SELECT order_key FROM silver_pin WHERE ind = ${ind}`;
      for await (const [orderKey] of athenaRows({ athena, s3 }, { sql, workgroup, database }))
        return orderKey ?? undefined;
      return undefined;
    },
  };
}

const canaryPost = (index: number) => ({
  index,
  unique_id: `canary${index}`,
  title: 'A post that the deployment sends itself',
  description: 'No description available',
  poster_name: 'canary',
  follower_count: '0',
  category: 'canary',
});
