import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { clientDefaults } from '../../lambda/shared/clients.ts';
import { forEachConcurrently } from '../../lambda/shared/concurrency.ts';
import { GaveUpError, withRetries } from '../../lambda/shared/retry.ts';

/** A clock that only sleeping moves, and a wait that is always its longest. */
function patience(deadline: number) {
  const waits: number[] = [];
  let time = 0;
  return {
    waits,
    deadline,
    now: () => time,
    sleep: async (ms: number) => {
      waits.push(ms);
      time += ms;
    },
    random: () => 1,
  };
}

const throttled = () => Object.assign(new Error('slow down'), { name: 'ThrottlingException' });

test('a call that is not answered fails, as what may be tried again', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const client = new DynamoDBClient({
    ...clientDefaults,
    requestHandler: { ...clientDefaults.requestHandler, requestTimeout: 50 },
    endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  try {
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'TimeoutError' });
  } finally {
    client.destroy();
    silent.closeAllConnections();
    silent.close();
  }
});

describe('retries', () => {
  test('wait twice as long each time, at most a second, until the deadline', async () => {
    const patient = patience(5_000);
    const outcome = withRetries(patient, () => Promise.reject(throttled()));
    await expect(outcome).rejects.toThrow(GaveUpError);
    expect(patient.waits).toEqual([20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);
  });

  test('pass on what no retry mends', async () => {
    const patient = patience(5_000);
    await expect(withRetries(patient, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(withRetries(patient, () => Promise.reject('text'))).rejects.toBe('text');
    expect(patient.waits).toEqual([]);
  });

  test('answer what the operation answers', async () => {
    let calls = 0;
    const answer = withRetries(patience(5_000), async () => {
      if (++calls < 3) throw throttled();
      return 'done';
    });
    await expect(answer).resolves.toBe('done');
  });
});

test('after a failure no further work is begun', async () => {
  const begun: number[] = [];
  const work = forEachConcurrently([1, 2, 3], 2, async (item) => {
    begun.push(item);
    if (item === 2) throw new Error('two');
    await sleep(1);
  });
  await expect(work).rejects.toThrow('two');
  await sleep(20);
  expect(begun).toEqual([1, 2]);
});
