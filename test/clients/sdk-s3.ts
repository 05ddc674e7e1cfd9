import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchBucket,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  waitUntilObjectNotExists,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { beforeAll, expect, test } from '@jest/globals';
import { type ClientsRuntime, deployed } from './runtime.ts';
import { all, atOnce, open, text, waiting } from './sdk.ts';

const { bucket: Bucket } = deployed;

/** The tests of S3. */
export function objects(running: () => ClientsRuntime): void {
  let s3: S3Client;
  const prefix = 'sdk-v3/';
  const Key = `${prefix}${text}+a&b?.json`;
  const put = (key: string, Body: string, more = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key: key, Body, ...more }));
  const get = async (key: string, client = s3) =>
    (await client.send(new GetObjectCommand({ Bucket, Key: key }))).Body!.transformToString();
  beforeAll(() => {
    s3 = open(new S3Client());
  });

  test('PutObject, GetObject, HeadObject, CopyObject and DeleteObject', async () => {
    expect(await put(Key, text, { Metadata: { feed: 'pin' } })).toMatchObject(atOnce);
    expect(await get(Key)).toBe(text);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ Metadata: { feed: 'pin' }, ContentLength: Buffer.byteLength(text) });
    expect(head.ChecksumCRC32).toBeDefined();
    const copied = `${prefix}copied`;
    const CopySource = encodeURI(`${Bucket}/${Key}`).replace('?', '%3F').replace('+', '%2B');
    await s3.send(new CopyObjectCommand({ Bucket, Key: copied, CopySource }));
    expect(await get(copied)).toBe(text);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: copied }));
    await waitUntilObjectNotExists({ client: s3, ...waiting }, { Bucket, Key: copied });
    const missing = get(copied);
    await expect(missing).rejects.toBeInstanceOf(NoSuchKey);
    await expect(missing).rejects.toMatchObject({ $metadata: { httpStatusCode: 404, attempts: 1 } });
    const elsewhere = s3.send(new ListObjectsV2Command({ Bucket: 'nobody' }));
    await expect(elsewhere).rejects.toBeInstanceOf(NoSuchBucket);
  });

  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)('a checksum by %s', async (algorithm) => {
    const key = `${prefix}${algorithm}`;
    await put(key, text, { ChecksumAlgorithm: algorithm });
    expect(await get(key)).toBe(text);
  });

  test('a stream goes in chunks with its checksum behind it', async () => {
    const body = randomBytes(300_000);
    const key = `${prefix}stream`;
    const stream = Readable.from([body.subarray(0, 70_000), body.subarray(70_000)]);
    await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: stream, ContentLength: body.length }));
    const { Body, ContentEncoding } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
    expect(Buffer.from(await Body!.transformToByteArray()).equals(body)).toBe(true);
    expect(ContentEncoding).toBeUndefined();
  });

  test('a checksum that is wrong is refused', async () => {
    await expect(put(`${prefix}wrong`, text, { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({
      name: 'BadDigest',
    });
  });

  test('an upload in parts', async () => {
    const body = randomBytes(12 * 1024 * 1024);
    const key = `${prefix}parts`;
    await new Upload({ client: s3, params: { Bucket, Key: key, Body: body } }).done();
    const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
    expect(Buffer.from(await Body!.transformToByteArray()).equals(body)).toBe(true);
    expect(ETag).toMatch(/-3"$/);
  });

  test('pages of a listing, and a deletion of many', async () => {
    const keys = Array.from({ length: 5 }, (_, at) => `${prefix}list/${at} ${text}`);
    await Promise.all(keys.map((key) => put(key, 'x')));
    const pages = await all(paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, Prefix: `${prefix}list/` }));
    expect(pages.map(({ Contents }) => Contents!.map((object) => object.Key))).toEqual([
      keys.slice(0, 2),
      keys.slice(2, 4),
      keys.slice(4),
    ]);
    const folders = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, Delimiter: '/' }));
    expect(folders.CommonPrefixes).toEqual([{ Prefix: `${prefix}list/` }]);
    const Delete = { Objects: keys.map((key) => ({ Key: key })) };
    const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
    expect(deleted.Deleted).toHaveLength(5);
    expect(deleted.Errors).toBeUndefined();
  });

  test('If-None-Match: * creates once', async () => {
    const key = `${prefix}once`;
    await put(key, 'one', { IfNoneMatch: '*' });
    await expect(put(key, 'two', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412, attempts: 1 },
    });
    expect(await get(key)).toBe('one');
  });

  test('presigned URLs to put and to get', async () => {
    const key = `${prefix}presigned`;
    const putUrl = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: key, Metadata: { feed: 'pin' } }));
    expect((await fetch(putUrl, { method: 'PUT', body: text })).status).toBe(200);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: key }))).Metadata).toEqual({ feed: 'pin' });
    const getUrl = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: key }), { expiresIn: 60 });
    const answer = await fetch(getUrl);
    expect(await answer.text()).toBe(text);
    expect(Math.abs(Date.parse(answer.headers.get('date')!) - Date.now())).toBeLessThan(60_000);
  });

  test('a connection serves many, and who expects 100-continue is told to go on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: `${prefix}expected` }));
    const send = () =>
      new Promise<{ status: number | undefined; reused: boolean }>((resolve, reject) => {
        const headers = { expect: '100-continue', 'content-length': 4 };
        const sent = request(url, { agent, method: 'PUT', headers }, (answer) => {
          answer.resume().on('end', () => resolve({ status: answer.statusCode, reused: sent.reusedSocket }));
        });
        sent.on('continue', () => sent.end('body')).on('error', reject);
        sent.flushHeaders();
      });
    expect([await send(), await send()]).toEqual([
      { status: 200, reused: false },
      { status: 200, reused: true },
    ]);
    agent.destroy();
  });

  test('an endpoint by name puts the bucket into the host, which the system must resolve', async () => {
    const lookup: LookupFunction = (_, __, found) => found(null, [{ address: '127.0.0.1', family: 4 }]);
    const endpoint = running().runtime.endpoint.replace('127.0.0.1', 'localhost');
    const byName = open(new S3Client({ endpoint, requestHandler: { httpAgent: new Agent({ lookup }) } }));
    const url = await getSignedUrl(byName, new GetObjectCommand({ Bucket, Key }));
    expect(new URL(url).hostname).toBe(`${Bucket}.localhost`);
    await byName.send(new PutObjectCommand({ Bucket, Key, Body: text }));
    expect(await get(Key, byName)).toBe(text);
    const { Contents } = await byName.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    expect(Contents).toHaveLength(1);
  });
}
