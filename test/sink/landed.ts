import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

export interface LandedObject {
  readonly key: string;
  readonly partition: string;
  readonly first: bigint;
  readonly last: bigint;
  readonly offsets: readonly bigint[];
  readonly lines: readonly Record<string, unknown>[];
}

/** Every object of a bucket, by partition and first offset. */
export async function landedObjects(s3: S3Client, bucket: string): Promise<LandedObject[]> {
  const keys: string[] = [];
  for (let token: string | undefined, isMore = true; isMore; isMore = token !== undefined) {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }));
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key!));
    token = page.NextContinuationToken;
  }
  const objects = await Promise.all(keys.map((key) => landedObject(s3, bucket, key)));
  return objects.sort((a, b) => a.partition.localeCompare(b.partition) || Number(a.first - b.first));
}

async function landedObject(s3: S3Client, bucket: string, key: string): Promise<LandedObject> {
  const { Body, Metadata } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const text = gunzipSync(await Body!.transformToByteArray()).toString();
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const [, partition, first] = /\+(\d+)\+(\d{20})\.jsonl\.gz$/.exec(key)!;
  const offsets = lines.map(({ offset }) => BigInt(offset as string));
  return { key, partition: partition!, first: BigInt(first!), last: BigInt(Metadata!['last-offset']!), offsets, lines };
}

/** What is wrong with the objects of a log without missing offsets: nothing, if each partition's are one chain. */
export function breaksOfChain(objects: readonly LandedObject[], ends: ReadonlyMap<string, bigint>): string[] {
  const breaks: string[] = [];
  for (const [partition, end] of ends) {
    let next = 0n;
    for (const { key, first, last, offsets } of objects.filter((object) => object.partition === partition)) {
      if (first !== next) breaks.push(`${key} begins at ${first}, not at ${next}`);
      offsets.forEach((offset, index) => {
        if (offset !== first + BigInt(index)) breaks.push(`${key} holds ${offset} as its line ${index}`);
      });
      if (offsets.at(-1) !== last) breaks.push(`${key} ends at ${offsets.at(-1)}, its metadata says ${last}`);
      next = last + 1n;
    }
    if (next !== end) breaks.push(`partition ${partition} has landed up to ${next}, not to ${end}`);
  }
  return breaks;
}
