import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { AccessRequest, Caller } from '../../../local/access/caller.ts';
import { MiniStack } from '../../../local/engines/ministack.ts';
import { processIdentity } from '../../../local/process-identity.ts';
import { S3Service } from '../../../local/services/s3/service.ts';
import { ServiceError } from '../../../local/services/service.ts';
import { pythonPath } from '../../../setup/paths.mjs';

const CALLER: Caller = {
  kind: 'role',
  arn: 'arn:aws:iam::000000000000:role/r',
  accessKeyId: 'a',
  secretAccessKey: 's',
};
const stateDir = mkdtempSync(join(tmpdir(), 'pinflow-'));
let engine: MiniStack;
let s3: S3Service;
let door: Server;
let client: S3Client;
let denied: string[] = [];
const log: string[] = [];

const authorize = (_: Caller, { action, resource }: AccessRequest) => {
  if (denied.includes(action) || denied.includes(`${action} ${resource}`))
    throw new ServiceError('AccessDenied', action, 403);
};

beforeAll(async () => {
  engine = await MiniStack.start({
    python: pythonPath(),
    stateDir,
    region: 'us-east-1',
    prepared: async () => s3?.prepareEngine(),
    log: (line) => log.push(line),
  });
  s3 = new S3Service({
    region: 'us-east-1',
    engine,
    frontDoor: { authorize },
  });
  await s3.putBucket('raw', { versioned: true });
  door = createServer((request, response) => {
    s3.handle(request, response, CALLER).catch((error: ServiceError) => {
      response.writeHead(error.status ?? 500, { 'content-type': 'text/xml' });
      response.end(`<Error><Code>${error.code}</Code><Message>${error.message}</Message></Error>`);
    });
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  client = new S3Client({
    endpoint: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    maxAttempts: 5,
  });
});

afterAll(async () => {
  client.destroy();
  s3.close();
  await new Promise((resolve) => door.close(resolve));
  await engine.stop();
  rmSync(stateDir, { recursive: true });
});

beforeEach(() => {
  denied = [];
});

const put = (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket: 'raw', Key, Body }));
const get = async (Key: string) => {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'raw', Key }));
  return Body!.transformToString();
};

test('an object with an odd key goes in, is listed and comes out', async () => {
  const key = 'quarantine/speed/pin/dt=2025-01-01/kinesis~s~shardId-0 ü+1.json';
  await put(key, 'héllo');
  expect(await get(key)).toBe('héllo');
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: 'raw', Prefix: 'quarantine/' }));
  expect(Contents?.map(({ Key }) => Key)).toEqual([key]);
});

test('parts are put together', async () => {
  const target = { Bucket: 'raw', Key: 'parts' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const Parts = [];
  for (const [index, Body] of ['x'.repeat(5 * 1_024 * 1_024), 'end'].entries()) {
    const PartNumber = index + 1;
    const { ETag } = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber, Body }));
    Parts.push({ ETag, PartNumber });
  }
  await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
  expect((await client.send(new HeadObjectCommand(target))).ContentLength).toBe(5 * 1_024 * 1_024 + 3);
});

test('each object of a deletion is decided on its own', async () => {
  await put('a&b', '1');
  await put('c', '1');
  const remove = (...keys: string[]) =>
    client.send(new DeleteObjectsCommand({ Bucket: 'raw', Delete: { Objects: keys.map((Key) => ({ Key })) } }));
  denied = ['s3:DeleteObject arn:aws:s3:::raw/a&b'];
  await expect(remove('a&b', 'c')).rejects.toMatchObject({ name: 'AccessDenied' });
  await remove('c');
  await expect(get('c')).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test('a create-if-absent is refused the second time', async () => {
  const once = () => client.send(new PutObjectCommand({ Bucket: 'raw', Key: 'once', Body: '1', IfNoneMatch: '*' }));
  await once();
  await expect(once()).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
});

test('a missing object is a 403 to who may not list', async () => {
  await expect(get('none')).rejects.toMatchObject({ name: 'NoSuchKey' });
  denied = ['s3:ListBucket'];
  await expect(get('none')).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('a service of this process puts objects as a role', async () => {
  await s3.putObject(CALLER, 'raw', 'aws/lambda/x', '{}');
  expect(await get('aws/lambda/x')).toBe('{}');
  denied = ['s3:PutObject'];
  await expect(s3.putObject(CALLER, 'raw', 'y', '{}')).rejects.toThrow('s3:PutObject');
  await expect(put('y', '1')).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('an engine that is killed comes back by itself, with its objects and settings', async () => {
  await put('kept', '1');
  const { pid } = engine;
  process.kill(pid!, 'SIGKILL');
  await sleep(20);
  expect(await get('kept')).toBe('1');
  expect(engine.pid).not.toBe(pid);
  expect(log.join()).toContain('ministack died and is started again');
  const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: 'raw' }));
  expect(Status).toBe('Enabled');
});

test('an engine that a killed runtime left is ended by the next start', async () => {
  const own = mkdtempSync(join(tmpdir(), 'pinflow-'));
  const options = { python: pythonPath(), stateDir: own, region: 'us-east-1' };
  const module = join(import.meta.dirname, '..', '..', '..', 'local', 'engines', 'ministack.ts');
  const runtime = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `const { MiniStack } = await import(${JSON.stringify(pathToFileURL(module).href)});
     const { pid } = await MiniStack.start({ ...${JSON.stringify(options)}, log: () => {} });
     console.log(pid);
     setInterval(() => {}, 1e6);`,
  ]);
  const left = Number(await new Promise((resolve) => runtime.stdout.once('data', resolve)));
  expect(processIdentity(left)).toBeDefined();
  runtime.kill('SIGKILL');
  const next = await MiniStack.start({ ...options, log: () => {} });
  expect(processIdentity(left)).toBeUndefined();
  await next.stop();
  expect(processIdentity(next.pid!)).toBeUndefined();
  rmSync(own, { recursive: true });
});
