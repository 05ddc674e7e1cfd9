import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { RawLines } from './backfill.ts';

export function s3RawLines(client: S3Client, bucket: string): RawLines {
  return {
    async read(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const text = gunzipSync(await Body!.transformToByteArray()).toString('utf8');
      return text.split('\n').filter((line) => line !== '');
    },
  };
}
