import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
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
