import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Door } from './door.ts';

/** What the public clients do, each oddity by its name, against the local Kinesis. */
const PIN = 'streaming-demo-pin';
const ROW = { index: 7528, title: 'Pack light' };
let door: Door;

beforeAll(async () => {
  door = await Door.open();
}, 180_000);
afterAll(() => door.close());

/** What a request adds to the stream of the path. */
async function added(stream: string, request: () => ReturnType<Door['send']>) {
  const before = await door.records(stream);
  const reply = await request();
  const after = await door.records(stream);
  const known = new Set(before.map((record) => JSON.stringify(record)));
  return {
    reply,
    records: after.length - before.length,
    found: after.filter((record) => !known.has(JSON.stringify(record))).map(({ data }) => JSON.parse(data)),
  };
}

describe('a record', () => {
  let n = 0;
  const row = () => ({ ...ROW, index: n++ });
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');

  test.each<[string, string, string, () => { body: object; data: unknown }]>([
    [
      'the literal text {self.stream_name} as StreamName',
      'PUT',
      '/record',
      () => {
        const data = row();
        return { body: { StreamName: '{self.stream_name}', Data: data, PartitionKey: 'test_pin' }, data };
      },
    ],
    [
      'the StreamName of another feed',
      'PUT',
      '/record',
      () => {
        const data = row();
        return { body: { StreamName: 'streaming-demo-geo', Data: data, PartitionKey: 'partition-1' }, data };
      },
    ],
    [
      'POST instead of PUT',
      'POST',
      '/record',
      () => {
        const data = row();
        return { body: { Data: data, PartitionKey: 'c0ffee00-0000-4000-8000-000000000000' }, data };
      },
    ],
    [
      'POST of a list',
      'POST',
      '/records',
      () => {
        const data = row();
        return { body: { records: [{ data, 'partition-key': 'k' }] }, data };
      },
    ],
    [
      'a list with capitals',
      'PUT',
      '/records',
      () => {
        const data = row();
        return { body: { Records: [{ Data: data, PartitionKey: 'k' }] }, data };
      },
    ],
    [
      'an array with one row',
      'PUT',
      '/record',
      () => {
        const data = [row()];
        return { body: { Data: data, PartitionKey: 'k' }, data };
      },
    ],
    [
      'an array with several rows',
      'PUT',
      '/record',
      () => {
        const data = [row(), row()];
        return { body: { Data: data, PartitionKey: 'k' }, data };
      },
    ],
    [
      'JSON in a string',
      'PUT',
      '/record',
      () => {
        const data = JSON.stringify(row());
        return { body: { Data: data, PartitionKey: 'k' }, data };
      },
    ],
    [
      'Base64 of a row',
      'PUT',
      '/record',
      () => {
        const data = base64(row());
        return { body: { Data: data, PartitionKey: 'k' }, data };
      },
    ],
    [
      'a slash at the end',
      'PUT',
      '/record/',
      () => {
        const data = row();
        return { body: { Data: data, PartitionKey: 'k' }, data };
      },
    ],
  ])('with %s is stored as it came, in the stream of the path', async (_, verb, action, make) => {
    const { body, data } = make();
    const { reply, found } = await added(PIN, () => door.send(verb, `/prod/streams/${PIN}${action}`, { body }));
    expect([reply.status, found]).toEqual([200, [data]]);
    expect(await door.records('streaming-demo-geo')).toEqual([]);
  });

  test('sent again is another record', async () => {
    const send = () => door.send('PUT', `/prod/streams/${PIN}/record`, { body: { Data: ROW, PartitionKey: 'k' } });
    await send();
    expect((await added(PIN, send)).records).toBe(1);
  });

  test('as Python escapes it is stored as the same text', async () => {
    const body = '{"Data": {"title": "caf\\u00e9 \\ud83d\\ude00"}, "PartitionKey": "k"}';
    const { found } = await added(PIN, () => door.send('PUT', `/prod/streams/${PIN}/record`, { body }));
    expect(found).toEqual([{ title: 'café 😀' }]);
  });

  test.each([
    `//streams/${PIN}/record`,
    `/prod//streams/${PIN}/record`,
    `/streams/${PIN}/record`,
    `/dev/streams/${PIN}/record`,
  ])('PUT %s is as lenient as the local listener promises', async (path) => {
    const { records } = await added(PIN, () => door.send('PUT', path, { body: { Data: { path }, PartitionKey: 'k' } }));
    expect(records).toBe(1);
  });
});

describe('reading', () => {
  const own = ['streaming-demo-geo', 'streaming-demo-pin', 'streaming-demo-user'];
  test.each<[string, string[], boolean]>([
    ['/prod/streams', own, false],
    ['/prod/streams/', own, false],
    ['//streams', own, false],
    ['/prod/streams?Limit=2', own.slice(0, 2), true],
    ['/prod/streams?ExclusiveStartStreamName=streaming-demo-geo', own.slice(1), false],
    ['/prod/streams?ExclusiveStartStreamName=streaming-demo-geo&Limit=1', own.slice(1, 2), true],
    ['/prod/streams?ExclusiveStartStreamName=zzz', [], false],
  ])('GET %s', async (path, StreamNames, HasMoreStreams) => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const reply = await door.send('GET', path);
    expect([reply.status, reply.json]).toEqual([200, { StreamNames, HasMoreStreams }]);
  });

  test.each<[string, Record<string, string>, string | undefined]>([
    ['a JSON body', { 'Content-Type': 'application/json' }, '{"StreamName": "other"}'],
    ['a JSON body without a content type', {}, '{"StreamName": "other"}'],
    ['a body that is no JSON', {}, 'no JSON'],
    ['no body and no content type', {}, undefined],
  ])('GET of a stream with %s', async (_, headers, body) => {
    const reply = await door.send('GET', `/prod/streams/${PIN}/`, { headers, body });
    expect([reply.status, reply.json.StreamDescription.StreamName]).toEqual([200, PIN]);
  });
});

describe('what is no route is a 404 in JSON with a hint', () => {
  test.each([
    ['PUT', '/prod/streams//record'],
    ['PUT', `/prod/streams/${PIN}//record`],
    ['PUT', '/prod/streams/record'],
    ['PATCH', `/prod/streams/${PIN}/record`],
    ['DELETE', '/prod/streams'],
    ['TRACE', `/prod/streams/${PIN}`],
    ['GET', `/prod/streams/${PIN}/record`],
    ['POST', '/prod/topics/0a1b2c.pin'],
  ])('%s %s', async (verb, path) => {
    const reply = await door.send(verb, path, { body: { Data: ROW, PartitionKey: 'k' } });
    expect([reply.status, reply.headers['content-type'], reply.headers['access-control-allow-origin']]).toEqual([
      404,
      'application/json',
      '*',
    ]);
    expect(reply.json).toEqual({ __type: 'NotFoundException', message: expect.stringContaining('/{stage}/streams') });
  });

  test('HEAD has the headers of a 404 and no body, as HTTP has it', async () => {
    const reply = await door.send('HEAD', `/prod/streams/${PIN}`);
    expect([reply.status, reply.headers['content-type'], reply.text]).toEqual([404, 'application/json', '']);
  });
});

test('every resource answers a preflight', async () => {
  const paths = ['/', '/streams', `/streams/${PIN}`, `/streams/${PIN}/record`, `/streams/${PIN}/records/`];
  for (const path of paths) {
    const headers = { Origin: 'http://localhost:3000', 'Access-Control-Request-Method': 'PUT' };
    const reply = await door.send('OPTIONS', `/prod${path}`, { headers });
    expect([path, reply.status, reply.text]).toEqual([path, 204, '']);
  }
});
