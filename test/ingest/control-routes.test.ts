import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { StackTemplate } from '../app/synth.ts';
import { synth } from '../app/synth.ts';
import { Gateway } from '../local/apigateway/gateway.ts';
import { Door } from './door.ts';

const OWN = ['streaming-demo-geo', 'streaming-demo-pin', 'streaming-demo-user'];
const CLIENTS = 'streaming-0a1b2c-pin';
const OF_CLIENTS = `/prod/streams/${CLIENTS}`;

describe('where clients may have streams', () => {
  let door: Door;
  beforeEach(async () => {
    door = await Door.open();
  }, 180_000);
  afterEach(() => door.close());

  const shardsOf = async (path: string) =>
    (await door.send('GET', path)).json.StreamDescription.Shards.length as number;

  test.each<[string, object | string | undefined, number]>([
    ['without a body', undefined, 1],
    ['with an empty object', {}, 1],
    ['with null for the count', { ShardCount: null }, 1],
    ['with a count', { ShardCount: 3 }, 3],
    ['with a StreamName, which the path overrides', { StreamName: OWN[0], ShardCount: 2 }, 2],
    ['with white space', ' \n', 1],
  ])('POST creates a stream %s and says that nothing reads it', async (_, body, shards) => {
    const created = await door.send('POST', OF_CLIENTS, { body });
    expect([created.status, created.json]).toEqual([
      200,
      { StreamName: CLIENTS, message: expect.stringMatching(/Nothing reads it.*404.*streaming-demo-pin/) },
    ]);
    expect(created.headers['access-control-allow-origin']).toBe('*');
    expect(await door.streams()).toEqual([CLIENTS, ...OWN].sort());
    expect(await shardsOf(OF_CLIENTS)).toBe(shards);
  });

  test('such a stream is described, not listed, and takes no records', async () => {
    await door.send('POST', OF_CLIENTS);
    const described = await door.send('GET', OF_CLIENTS);
    expect(described.json.StreamDescription).toMatchObject({ StreamName: CLIENTS, StreamStatus: 'ACTIVE' });
    expect((await door.send('GET', '/prod/streams')).json.StreamNames).toEqual(OWN);
    const put = await door.send('PUT', `${OF_CLIENTS}/record`, { body: { Data: {}, PartitionKey: 'k' } });
    expect([put.status, put.json.__type]).toEqual([404, 'ResourceNotFoundException']);
    expect(await door.records(CLIENTS)).toEqual([]);
  });

  test('DELETE deletes it, and a second time there is none', async () => {
    await door.send('POST', OF_CLIENTS);
    const deleted = await door.send('DELETE', OF_CLIENTS);
    expect([deleted.status, deleted.json]).toEqual([
      200,
      { StreamName: CLIENTS, message: 'The stream is being deleted.' },
    ]);
    const again = await door.send('DELETE', `${OF_CLIENTS}/`);
    expect([again.status, again.json]).toEqual([
      404,
      { __type: 'ResourceNotFoundException', message: 'There is no stream of this name.' },
    ]);
  });

  test('a stream that is there already is a 409', async () => {
    await door.send('POST', OF_CLIENTS);
    const again = await door.send('POST', OF_CLIENTS);
    expect([again.status, again.json]).toEqual([
      409,
      { __type: 'ResourceInUseException', message: expect.stringContaining('there already') },
    ]);
  });

  test.each(['POST', 'DELETE'])("%s of the deployment's own streams is a 403, and they stay", async (verb) => {
    await door.send('PUT', `/prod/streams/${OWN[1]}/record`, { body: { Data: 1, PartitionKey: 'k' } });
    for (const name of [OWN[1], 'streaming%2Ddemo%2Dpin', 'streaming-demo-other']) {
      const reply = await door.send(verb, `/prod/streams/${name}`);
      expect([reply.status, reply.json.__type]).toEqual([403, 'AccessDeniedException']);
      expect(reply.json.message).toMatch(/begin with streaming-, but not with streaming-demo-.*deployment's own/);
    }
    expect(await door.streams()).toEqual(OWN);
    expect(await door.records(OWN[1]!)).toHaveLength(1);
  });

  test.each(['POST', 'DELETE'])('%s of a name beyond the prefix of the profile is a 403', async (verb) => {
    for (const name of ['orders', 'Streaming-x-pin', '*', 'streaming-'.slice(1)]) {
      const reply = await door.send(verb, `/prod/streams/${name}`);
      expect([name, reply.status, reply.json.__type]).toEqual([name, 403, 'AccessDeniedException']);
    }
  });

  test.each(['streaming-é', 'streaming-a b', 'streaming-"}', `streaming-${'x'.repeat(128)}`, 'streaming-\\'])(
    'a name that Kinesis cannot take is a 400: %j',
    async (name) => {
      const reply = await door.send('POST', `/prod/streams/${encodeURIComponent(name)}`);
      expect([reply.status, typeof reply.json.message, door.failures]).toEqual([400, 'string', []]);
      expect(await door.streams()).toEqual(OWN);
    },
  );

  test.each([0, -1, 11, 1.5, '2', [1], {}, true, 1e300])('ShardCount %j is a 400 that names it', async (ShardCount) => {
    const reply = await door.send('POST', OF_CLIENTS, { body: { ShardCount } });
    expect([reply.status, reply.json]).toEqual([
      400,
      { __type: 'ValidationException', message: 'ShardCount is not a whole number from 1 to 10' },
    ]);
    expect(await door.streams()).toEqual(OWN);
  });

  test.each(['[1]', '"x"', '{', '5'])('the body %s is a 400', async (body) => {
    expect((await door.send('POST', OF_CLIENTS, { body })).status).toBe(400);
    expect(await door.streams()).toEqual(OWN);
  });

  test('more than 5 a second are throttled with Retry-After, each method for itself', async () => {
    // The clock stands: on a slow machine 12 requests may take seconds.
    const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    const replies = await Promise.all(Array.from({ length: 12 }, () => door.send('DELETE', OF_CLIENTS)));
    clock.mockRestore();
    const throttled = replies.filter(({ status }) => status === 429);
    expect(throttled.length).toBeGreaterThan(0);
    expect(throttled[0]!.headers['retry-after']).toBe('1');
    expect((await door.send('POST', OF_CLIENTS)).status).toBe(200);
  });
});

describe('where they may not', () => {
  let template: StackTemplate;
  beforeAll(() => {
    template = synth('dev', {}, 'demo', 'none', 'off').templates.ingest;
  });

  test.each(['POST', 'DELETE'])('%s is a 404 that says so', async (verb) => {
    const gateway = new Gateway();
    await gateway.deploy(template.Resources);
    await gateway.service.listen();
    const reply = await gateway.send(verb, OF_CLIENTS);
    await gateway.service.close();
    expect([reply.status, reply.json]).toEqual([
      404,
      { __type: 'NotFoundException', message: expect.stringContaining('Creating and deleting streams is off') },
    ]);
    expect(gateway.calls).toEqual([]);
  });
});
