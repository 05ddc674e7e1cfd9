import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import {
  type Served,
  type ServedIndex,
  type ServedPage,
  servedIndexKey,
  servedPageKey,
} from '../../../model/serving/served-copies.ts';
import { type Pointer, readPointer } from '../../shared/pointer.ts';

/** What the last runs left of their answers. */
export interface BatchLayer {
  /** undefined before the first run. */
  pointer(): Promise<Pointer | undefined>;
  /** undefined where the run left none, or is gone. */
  index(served: Served): Promise<ServedIndex | undefined>;
  page(served: Served, page: number): Promise<ServedPage>;
}

/** For how long a moved pointer may go unseen. */
const pointerMs = 1_000;

/** @param now epoch ms */
export function batchLayer(
  clients: { readonly dynamodb: DynamoDBClient; readonly s3: S3Client },
  names: { readonly runsTable: string; readonly bucket: string },
  now: () => number = Date.now,
): BatchLayer {
  let seen: { readonly at: number; readonly pointer: Pointer | undefined } | undefined;
  const read = async (Key: string): Promise<unknown> => {
    const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: names.bucket, Key }));
    return JSON.parse(await Body!.transformToString());
  };
  return {
    async pointer() {
      if (seen === undefined || now() - seen.at > pointerMs) {
        seen = { at: now(), pointer: await readPointer(clients.dynamodb, names.runsTable) };
      }
      return seen.pointer;
    },
    async index(served) {
      try {
        return (await read(servedIndexKey(served))) as ServedIndex;
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    page: async (served, page) => (await read(servedPageKey(served, page))) as ServedPage,
  };
}
