import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SqsService } from '../../../local/services/sqs/service.ts';

let root: string;
let sqs: SqsService;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pinflow-sqs-'));
  const endpoint = 'http://127.0.0.1:4566';
  sqs = new SqsService({ account: '000000000000', region: 'us-east-1', file: join(root, 'queues.sqlite'), endpoint });
  for (const name of ['dead', 'other']) sqs.putQueue(name, { visibilitySeconds: 30, retentionSeconds: 3_600 });
});
afterEach(() => {
  sqs.close();
  rmSync(root, { recursive: true, force: true });
});

const depths = () => sqs.depths().map(({ queue, visible, received }) => [queue, visible, received]);

test('what is received is hidden until it is deleted', async () => {
  await sqs.call('SendMessage', { QueueUrl: sqs.url('dead'), MessageBody: 'one' });
  const { Messages } = await sqs.call('ReceiveMessage', { QueueUrl: sqs.url('dead') });
  expect(Messages).toMatchObject([{ Body: 'one' }]);
  expect(depths()).toEqual([
    ['dead', 0, 1],
    ['other', 0, 0],
  ]);
  const [{ ReceiptHandle }] = Messages as [{ ReceiptHandle: string }];
  await sqs.call('DeleteMessage', { QueueUrl: sqs.url('dead'), ReceiptHandle });
  expect(depths()).toContainEqual(['dead', 0, 0]);
});

test('a queue is purged, and no other', async () => {
  for (const name of ['dead', 'dead', 'other']) {
    await sqs.call('SendMessage', { QueueUrl: sqs.url(name), MessageBody: 'one' });
  }
  await sqs.call('PurgeQueue', { QueueUrl: sqs.url('dead') });
  expect(depths()).toEqual([
    ['dead', 0, 0],
    ['other', 1, 0],
  ]);
});
