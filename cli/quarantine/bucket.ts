import { GetObjectCommand, NoSuchKey, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { holdsChanges, ParkedBatchError, parkedPrefix, parkedRecords } from '../../model/kinesis-event.ts';
import {
  coordinateOfKey,
  type Layer,
  parseQuarantined,
  type QuarantinedRow,
  QuarantineError,
  quarantinePrefix,
} from '../../model/quarantine.ts';
import type { LogRecord } from '../../model/rows.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';
import { concurrently } from '../concurrently.ts';

/** Objects read at the same time. */
const concurrency = 16;

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** Epoch ms. */
  readonly writtenAt: number;
}

/** An object with what it holds, or why that cannot be read. */
export type ReadObject<T, O extends StoredObject = StoredObject> = O &
  ({ readonly content: T } | { readonly problem: string });

export async function listObjects({ s3 }: Clients, bucket: string, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const { Contents } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key, Size, LastModified } of Contents ?? []) {
      objects.push({ key: Key!, bytes: Size ?? 0, writtenAt: LastModified?.getTime() ?? 0 });
    }
  }
  return objects;
}

/** undefined: there is none. */
export async function readObject({ s3 }: Clients, bucket: string, key: string): Promise<string | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await Body?.transformToString();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

export type QuarantinedObject = ReadObject<QuarantinedRow>;

/** The quarantined rows of a layer, in the order of feeds and days. @param since days before it are not read */
export async function quarantinedObjects(
  clients: Clients,
  bucket: string,
  layer: Layer,
  { feed, since }: { readonly feed?: FeedName; readonly since?: Date } = {},
): Promise<readonly QuarantinedObject[]> {
  const firstDay = since?.toISOString().slice(0, 10) ?? '';
  const objects = await listObjects(clients, bucket, quarantinePrefix(layer, feed));
  const wanted = objects.filter(({ key }) => (/\/dt=([^/]+)\//.exec(key)?.[1] ?? firstDay) >= firstDay);
  return readQuarantined(clients, bucket, wanted);
}

/** Of objects that were listed, those that are still there. */
export const readQuarantined = <O extends StoredObject>(clients: Clients, bucket: string, objects: readonly O[]) =>
  readAll(clients, bucket, objects, parseQuarantined);

export type ParkedObject = ReadObject<readonly LogRecord[]>;

/** The batches of rows that event source mappings gave up. */
export async function parkedObjects(clients: Clients, bucket: string): Promise<readonly ParkedObject[]> {
  const objects = await listObjects(clients, bucket, parkedPrefix);
  return readAll(
    clients,
    bucket,
    objects.filter(({ key }) => !holdsChanges(key)),
    parkedRecords,
  );
}

/** What was deleted in the meantime is left out. */
async function readAll<T, O extends StoredObject>(
  clients: Clients,
  bucket: string,
  objects: readonly O[],
  parse: (text: string) => T,
): Promise<readonly ReadObject<T, O>[]> {
  const read = await concurrently(objects, concurrency, async (object) => {
    const text = await readObject(clients, bucket, object.key);
    if (text === undefined) return [];
    try {
      return [{ ...object, content: parse(text) }];
    } catch (error) {
      if (!(error instanceof QuarantineError || error instanceof ParkedBatchError)) throw error;
      return [{ ...object, problem: error.message }];
    }
  });
  return read.flat();
}

/** Coordinates by key alone, without reading an object. */
export const coordinatesOf = (objects: readonly StoredObject[]) =>
  objects.flatMap(({ key }) => coordinateOfKey(key) ?? []);
