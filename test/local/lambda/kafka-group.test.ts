import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Consumer } from '@platformatic/kafka';
import { KafkaGroup } from '../../../local/services/lambda/event-sources/kafka-group.ts';

/** What the client does instead of asking a broker: by method. */
const client = Consumer.prototype as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
const answers = (method: string, answer: (...args: unknown[]) => Promise<unknown>) =>
  jest.spyOn(client, method).mockImplementation(answer);
const failing = (apiId: string) => Object.assign(new Error(apiId), { apiId });

const problems: unknown[] = [];
let group: KafkaGroup;

beforeEach(() => {
  problems.length = 0;
  answers('metadata', async () => ({ topics: new Map([['t', { id: 'i', partitions: [{ leader: 1 }] }]]) }));
  answers('listOffsets', async () => new Map([['t', [0n]]]));
  answers('listCommittedOffsets', async () => new Map([['t', [-1n]]]));
  answers('fetch', async () => {
    await sleep(10);
    return { responses: [] };
  });
  answers('close', async () => undefined);
  jest.spyOn(KafkaGroup.prototype, 'assigned').mockReturnValue([0]);
  group = new KafkaGroup({
    bootstrapServers: '127.0.0.1:1',
    topic: 't',
    group: 'g',
    subject: 's',
    ahead: 10,
    problem: (error) => problems.push(error),
  });
});
afterEach(async () => {
  await group.close();
  jest.restoreAllMocks();
});

test('a group whose coordinator is not there yet is joined once it is', async () => {
  let tries = 0;
  answers('joinGroup', async () => {
    tries += 1;
    if (tries < 3) throw failing('COORDINATOR_NOT_AVAILABLE');
  });
  await group.join();
  expect(tries).toBe(3);
});

test('a refusal is told at once', async () => {
  let tries = 0;
  answers('joinGroup', async () => {
    tries += 1;
    throw failing('GROUP_AUTHORIZATION_FAILED');
  });
  await expect(group.join()).rejects.toThrow('GROUP_AUTHORIZATION_FAILED');
  expect(tries).toBe(1);
});

test('a commit that fails is made up for, though no record follows', async () => {
  answers('joinGroup', async () => undefined);
  const committed: unknown[] = [];
  let tries = 0;
  answers('commit', async (asked) => {
    tries += 1;
    if (tries < 3) throw failing('REQUEST_TIMED_OUT');
    committed.push(asked);
  });
  await group.join();
  group.read(0, 0n);
  await group.commit(0, 5n);
  while (committed.length === 0) await sleep(10);
  expect(committed).toEqual([{ offsets: [{ topic: 't', partition: 0, offset: 5n, leaderEpoch: -1 }] }]);
  expect(problems).toHaveLength(1);
});
