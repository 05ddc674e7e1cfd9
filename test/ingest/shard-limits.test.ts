import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Door } from './door.ts';

const STREAM = '/prod/streams/streaming-demo-pin';
let door: Door;

beforeAll(async () => {
  door = await Door.open();
}, 180_000);
afterAll(() => door.close());

test('records beyond what a shard takes are told one by one with 207, and the others are written', async () => {
  const records = Array.from({ length: 5 }, (_, i) => ({ data: 'x'.repeat(600 * 1024) + i, 'partition-key': 'same' }));
  const reply = await door.send('PUT', `${STREAM}/records`, { body: { records } });
  expect(reply.status).toBe(207);
  const results = reply.json.Records as Record<string, string>[];
  expect(results).toHaveLength(5);
  const written = results.filter(({ SequenceNumber }) => SequenceNumber);
  const refused = results.filter(({ ErrorCode }) => ErrorCode === 'ProvisionedThroughputExceededException');
  expect([written.length + refused.length, reply.json.FailedRecordCount]).toEqual([5, refused.length]);
  expect(refused.length).toBeGreaterThan(0);
  expect(await door.records('streaming-demo-pin')).toHaveLength(written.length);
});

test('a record beyond what its shard takes is a 429 with Retry-After', async () => {
  const body = { Data: 'x'.repeat(600 * 1024), PartitionKey: 'another' };
  const put = () => door.send('PUT', '/prod/streams/streaming-demo-geo/record', { body });
  // The clock stands: while a slow machine sends the second one, its shard would get over the first.
  const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
  const [taken, refused] = [await put(), await put()];
  clock.mockRestore();
  expect(taken.status).toBe(200);
  expect([refused.status, refused.json]).toEqual([
    429,
    { __type: 'ThrottlingException', message: expect.stringContaining('Retry-After') },
  ]);
  expect(refused.headers).toMatchObject({ 'retry-after': '1', 'access-control-allow-origin': '*' });
});
