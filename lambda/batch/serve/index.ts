import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  SERVED_PREFIX,
  type Served,
  type ServedIndex,
  servedIndexKey,
  servedPageKey,
} from '../../../model/serving/served-copies.ts';
import { placeOf } from '../../shared/athena-result.ts';
import { bucketAddressing, clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { copyResult, type ResultColumn } from './copy.ts';

export interface CopyEvent extends Served {
  /** Epoch ms, as text. */
  readonly watermark: string;
  /** Hash of what was computed. */
  readonly definition: string;
  readonly columns: readonly ResultColumn[];
  /** `s3://…`: where Athena put the rows. */
  readonly location: string;
}

export interface SweepEvent {
  /** Runs whose copies stay. */
  readonly keep: readonly string[];
}

const bucket = required('CURATED_BUCKET');
const s3 = new S3Client({
  ...clientDefaults,
  maxAttempts: 4,
  ...bucketAddressing,
});

/** Copies the rows of one answer to where the serving function reads them, or removes the copies of old runs. */
export async function handler(
  event: CopyEvent | SweepEvent,
): Promise<{ readonly rows: number } | { readonly removed: number }> {
  return 'keep' in event ? { removed: await sweep(event.keep) } : { rows: await copy(event) };
}

async function copy({ location, columns, watermark, definition, ...served }: CopyEvent): Promise<number> {
  const { Body } = await s3.send(new GetObjectCommand(placeOf(location)));
  const copied = await copyResult(Body as Readable, columns, (page, content) =>
    put(servedPageKey(served, page), content),
  );
  const index: ServedIndex = { definition, ...copied, watermark: Number(watermark), writtenAt: Date.now() };
  await put(servedIndexKey(served), index);
  return copied.rows;
}

async function put(key: string, content: object): Promise<void> {
  const Body = JSON.stringify(content);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType: 'application/json' }));
}

/** Keys come in alphabetical order, a thousand at a time, which is also what one call deletes. */
async function sweep(keep: readonly string[]): Promise<number> {
  let removed = 0;
  let ContinuationToken: string | undefined;
  do {
    const listed = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: SERVED_PREFIX,
        ...(ContinuationToken && { ContinuationToken }),
      }),
    );
    const old = (listed.Contents ?? []).flatMap(({ Key }) =>
      Key && !keep.includes(Key.split('/')[1]!) ? [{ Key }] : [],
    );
    if (old.length > 0)
      await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: old, Quiet: true } }));
    removed += old.length;
    ContinuationToken = listed.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return removed;
}
