import { describe, expect, test } from '@jest/globals';
import type { DoorAnswer } from '../../lambda/ingest/kafka-rest/answers.ts';
import { answer, type DoorRequest } from '../../lambda/ingest/kafka-rest/door.ts';
import { proxyResult, readEvent } from '../../lambda/ingest/kafka-rest/event.ts';
import { readFeedRequest } from '../../lambda/ingest/kafka-rest/feed-request.ts';
import { elements, members } from '../../lambda/ingest/kafka-rest/json-text.ts';
import { maxBatchBytes } from '../../lambda/ingest/kafka-rest/produce.ts';
import { BrokerError, type Failure, type PlacedRecord, type Topics } from '../../lambda/ingest/kafka-rest/topics.ts';
import { exampleRows } from '../../model/compile/wire-schemas.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Feed } from '../../model/rules/rule.ts';

const names = { pin: 'demo.pin', geo: 'demo.geo', user: 'demo.user' };
const KAFKA_JSON = 'application/vnd.kafka.json.v2+json';

/** Brokers of a test: two partitions, offsets from 10. */
class FakeTopics implements Topics {
  readonly produces: { topic: string; records: readonly PlacedRecord[] }[] = [];
  readonly refused = new Map<number, Failure>();
  down: Failure | undefined;

  async partitions() {
    if (this.down) throw new BrokerError(this.down);
    return [0, 1].map((id) => ({ id, leader: 1, replicas: [1, 2], inSync: [1] }));
  }

  partitionFor(key: Buffer, partitions: number) {
    return key.length % partitions;
  }

  async produce(topic: string, records: readonly PlacedRecord[]) {
    this.produces.push({ topic, records });
    const first = 10n * BigInt(this.produces.length);
    return new Map(records.map(({ partition }) => [partition, this.refused.get(partition) ?? first] as const));
  }

  get values() {
    return this.produces.flatMap(({ records }) => records.map(({ value }) => String(value)));
  }
}

function ask(request: Partial<DoorRequest>, topics = new FakeTopics(), spread = 0): Promise<DoorAnswer> {
  const asked = { method: 'GET', path: ['topics'], contentType: undefined, body: new Uint8Array(), ...request };
  return answer(asked, { topics, names, spread: () => spread });
}

const post = (body: unknown, topics?: FakeTopics, more: Partial<DoorRequest> = {}, spread = 0) =>
  ask(
    {
      method: 'POST',
      path: ['topics', 'demo.pin'],
      contentType: KAFKA_JSON,
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      ...more,
    },
    topics,
    spread,
  );

const told = ({ status, type, body }: DoorAnswer) => ({ status, type, ...JSON.parse(body) });

describe('POST /topics/{topic}', () => {
  test('answers as the REST proxy does', async () => {
    const topics = new FakeTopics();
    expect(told(await post({ records: [{ value: { index: 1 } }] }, topics))).toEqual({
      status: 200,
      type: 'application/vnd.kafka.v2+json',
      offsets: [{ partition: 0, offset: 10, error_code: null, error: null }],
      key_schema_id: null,
      value_schema_id: null,
    });
    expect(topics.produces[0]!.topic).toBe('demo.pin');
  });

  test.each([
    ['an object with its spaces', '{ "a" :\n1.0, "b": "\\u00e4\\"}" }'],
    ['an array of rows', '[{"index":1},{"index":2}]'],
    ['a quoted string', '"{\\"index\\":1}"'],
    ['a number as it is written', '12345678901234567890.10'],
    ['false', 'false'],
    ['an empty object', '{}'],
  ])('stores %s as it came', async (_, value) => {
    const topics = new FakeTopics();
    const body = `\n{ "other": [1,{"records":2}], "records" : [ {"key":null, "value": ${value} } , {"value":${value}}] }`;
    expect((await post(body, topics)).status).toBe(200);
    expect(topics.values).toEqual([value, value]);
  });

  test('of two members with one name, the last counts', async () => {
    const topics = new FakeTopics();
    await post('{"records":[{"value":1}],"records":[{"value":2,"value":{"x":3}}]}', topics);
    expect(topics.values).toEqual(['{"x":3}']);
  });

  test('one produce for a request; keys, partitions and offsets of each record', async () => {
    const topics = new FakeTopics();
    const records = [
      { value: 'a', partition: 1 },
      { value: 'b', key: 'xy' },
      { value: 'c', key: { id: 1 } },
      { value: 'd', key: 17 },
      { value: 'e' },
    ];
    const { offsets } = told(await post({ records }, topics, {}, 3));
    expect(topics.produces).toHaveLength(1);
    expect(topics.produces[0]!.records.map(({ key }) => key && String(key))).toEqual([
      null,
      'xy',
      '{"id":1}',
      '17',
      null,
    ]);
    expect(offsets.map(({ partition, offset }: Record<string, number>) => [partition, offset])).toEqual([
      [1, 10],
      [0, 10],
      [0, 11],
      [0, 12],
      [1, 11],
    ]);
  });

  test.each<[string, unknown, number, RegExp]>([
    ['no JSON', '{"records":[', 42203, /not JSON/],
    ['NaN', '{"records":[{"value":NaN}]}', 42203, /not JSON/],
    ['an empty body', '', 42203, /not JSON/],
    ['an array', [], 42201, /records/],
    ['null', 'null', 42201, /records/],
    ['no records', {}, 42201, /records must be an array/],
    ['empty records', { records: [] }, 42201, /at least one/],
    ['records that is no array', { records: { value: 1 } }, 42201, /must be an array/],
    ['a record that is no object', { records: [{ value: 1 }, 7] }, 42201, /^records\[1\] must be an object/],
    ['no value', { records: [{ value: 1 }, { val: 1 }] }, 42201, /^records\[1\]\.value is missing or null/],
    ['a null value', { records: [{ value: null }] }, 42201, /^records\[0\]\.value is missing or null/],
    ['a negative partition', { records: [{ value: 1, partition: -1 }] }, 42201, /^records\[0\]\.partition/],
    ['a partition in a string', { records: [{ value: 1, partition: '0' }] }, 42201, /^records\[0\]\.partition/],
    ['a partition that is not there', { records: [{ value: 1, partition: 2 }] }, 40402, /records\[0\]\.partition is 2/],
    ['501 records', { records: Array(501).fill({ value: 1 }) }, 42201, /501 elements.*at most 500/],
  ])('refuses %s, and writes nothing', async (_, body, code, message) => {
    const topics = new FakeTopics();
    const { status, error_code, message: said } = told(await post(body, topics));
    expect([status, error_code]).toEqual([Number(String(code).slice(0, 3)), code]);
    expect(said).toMatch(message);
    expect(topics.produces).toEqual([]);
  });

  test('refuses bytes that are no UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"records":[{"value":"'), Buffer.from([0xff]), Buffer.from('"}]}')]);
    expect(told(await post('', undefined, { body }))).toMatchObject({ status: 422, error_code: 42203 });
  });

  test.each([undefined, 'application/json', 'application/vnd.kafka.avro.v2+json', 'text/plain'])(
    'takes no %s',
    async (contentType) => {
      const answered = await post({ records: [{ value: 1 }] }, undefined, { contentType });
      expect(told(answered)).toMatchObject({ status: 415, error_code: 415 });
    },
  );

  test('names the topics there are when it is another', async () => {
    const answered = told(await post({ records: [{ value: 1 }] }, undefined, { path: ['topics', '12ab.pin'] }));
    expect(answered).toMatchObject({ status: 404, error_code: 40401 });
    expect(answered.message).toMatch(/^Topic not found\..*demo\.pin, demo\.geo, demo\.user.*-c deployment=<id>/);
  });

  test('a record that is too large fails alone, at its index', async () => {
    const topics = new FakeTopics();
    const large = 'x'.repeat(maxBatchBytes);
    const { status, offsets } = told(await post({ records: [{ value: 1 }, { value: large }, { value: 3 }] }, topics));
    expect(status).toBe(200);
    expect(offsets).toEqual([
      { partition: 0, offset: 10, error_code: null, error: null },
      { partition: null, offset: null, error_code: 1, error: expect.stringMatching(/larger than/) },
      { partition: 0, offset: 11, error_code: null, error: null },
    ]);
    expect(topics.values).toEqual(['1', '3']);
    expect(told(await post({ records: [{ value: large }] }))).toMatchObject({ status: 413, error_code: 413 });
  });

  test('splits what is more than one batch', async () => {
    const topics = new FakeTopics();
    const value = 'x'.repeat(0.4 * maxBatchBytes);
    const { offsets } = told(await post({ records: [{ value }, { value }, { value }] }, topics));
    expect(topics.produces.map(({ records }) => records.length)).toEqual([2, 1]);
    expect(offsets.map(({ offset }: { offset: number }) => offset)).toEqual([10, 11, 20]);
  });

  test('a partition that fails leaves the records of the others', async () => {
    const topics = new FakeTopics();
    topics.refused.set(1, { kind: 'retriable', message: 'NOT_ENOUGH_REPLICAS' });
    const records = [
      { value: 1, partition: 0 },
      { value: 2, partition: 1 },
    ];
    const { status, offsets } = told(await post({ records }, topics));
    expect(status).toBe(200);
    expect(offsets[1]).toEqual({ partition: null, offset: null, error_code: 2, error: 'NOT_ENOUGH_REPLICAS' });
  });

  test.each<[Failure['kind'], number, number]>([
    ['unavailable', 503, 503],
    ['retriable', 500, 50003],
    ['final', 500, 50002],
  ])('when all fail by a fault that is %s: %d', async (kind, status, error_code) => {
    const topics = new FakeTopics();
    topics.refused.set(0, { kind, message: 'said' });
    expect(told(await post({ records: [{ value: 1 }] }, topics))).toMatchObject({
      status,
      error_code,
      message: 'said',
    });
  });

  test('brokers that do not answer: 503 with Retry-After', async () => {
    const topics = new FakeTopics();
    topics.down = { kind: 'unavailable', message: 'The brokers cannot be reached' };
    const { statusCode, headers, body } = proxyResult(await post({ records: [{ value: 1 }] }, topics));
    expect([statusCode, headers?.['Retry-After']]).toEqual([503, '1']);
    expect(JSON.parse(body)).toEqual({ error_code: 503, message: 'The brokers cannot be reached' });
  });
});

describe('what else the REST proxy has', () => {
  test('GET /topics', async () => {
    const { status, body } = await ask({});
    expect([status, JSON.parse(body)]).toEqual([200, ['demo.pin', 'demo.geo', 'demo.user']]);
  });

  test('GET /topics/{topic}', async () => {
    const { status, body } = await ask({ path: ['topics', 'demo.geo'] });
    const replicas = [
      { broker: 1, leader: true, in_sync: true },
      { broker: 2, leader: false, in_sync: false },
    ];
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      name: 'demo.geo',
      configs: {},
      partitions: [0, 1].map((partition) => ({ partition, leader: 1, replicas })),
    });
  });

  test.each<[string, string, number]>([
    ['POST', 'consumers/group', 501],
    ['GET', 'consumers/group/instances/a/records', 501],
    ['GET', 'topics/other', 40401],
    ['GET', 'topics/demo.pin/partitions', 404],
    ['POST', 'topics', 405],
    ['DELETE', 'topics/demo.pin', 405],
    ['GET', 'pin', 405],
    ['GET', 'brokers', 404],
  ])('%s /%s: %d', async (method, path, code) => {
    const { status, type, error_code } = told(await ask({ method, path: path.split('/') }));
    expect([status, error_code]).toEqual([Number(String(code).slice(0, 3)), code]);
    expect(type).toBe('application/vnd.kafka.v2+json');
  });
});

describe('the oldest form', () => {
  const row = (feed: 'pin' | 'geo' | 'user', body: unknown, topics?: FakeTopics) =>
    post(body, topics, { path: [feed], contentType: 'application/json' });

  test.each(['pin', 'geo', 'user'] as const)('POST /%s/ echoes the row, which goes to the topic', async (feed) => {
    const topics = new FakeTopics();
    const body = JSON.stringify({ ...exampleRows[feed], extra: 1 }, null, 1);
    const { status, type, body: echo } = await row(feed, body, topics);
    expect([status, type]).toEqual([200, 'application/json']);
    expect(JSON.parse(echo)).toEqual(exampleRows[feed]);
    expect(topics.produces[0]!.topic).toBe(`demo.${feed}`);
    expect(topics.values).toEqual([body]);
  });

  test('poster_name may be missing, numbers may be text', async () => {
    const { poster_name: _, ...rest } = exampleRows.pin;
    const { status, body } = await row('pin', { ...rest, index: '7528', follower_count: 12 });
    expect([status, JSON.parse(body)]).toEqual([200, { ...rest, index: 7528, follower_count: '12' }]);
  });

  test('a column that a feed has got since the first emulators may be missing', () => {
    const likes = { name: 'likes', rule: { ...feeds.pin.columns[0]!.rule, from: 'likes' } } as Feed['columns'][number];
    const feed = { ...feeds.pin, columns: [...feeds.pin.columns, likes] };
    expect(readFeedRequest(feed, Buffer.from(JSON.stringify(exampleRows.pin)))).toMatchObject({ ok: true });
  });

  test("what is missing or mistyped is told in FastAPI's words", async () => {
    const { title: _, ...rest } = exampleRows.pin;
    const topics = new FakeTopics();
    const { status, body } = await row('pin', { ...rest, index: 'x', category: null, tag_list: ['a'] }, topics);
    expect([status, topics.produces]).toEqual([422, []]);
    expect(JSON.parse(body)).toEqual({
      detail: [
        { loc: ['body', 'index'], msg: 'value is not a valid integer', type: 'type_error.integer' },
        { loc: ['body', 'title'], msg: 'field required', type: 'value_error.missing' },
        { loc: ['body', 'tag_list'], msg: 'str type expected', type: 'type_error.str' },
        { loc: ['body', 'category'], msg: 'none is not an allowed value', type: 'type_error.none.not_allowed' },
      ],
    });
  });

  test.each(['', '{', '[]', '7', 'null'])('%j is no row', async (body) => {
    const { status, body: answered } = await row('pin', body);
    expect(status).toBe(422);
    expect(JSON.parse(answered).detail[0]).toMatchObject({ loc: ['body'] });
  });
});

test('reads what API Gateway hands over', () => {
  const body = Buffer.from('{"ä":1}');
  const event = {
    resource: '/topics/{topic-name}',
    pathParameters: { 'topic-name': 'demo.pin' },
    httpMethod: 'POST',
    headers: { 'content-TYPE': 'Application/vnd.kafka.json.v2+JSON; charset=utf-8' },
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
  expect(readEvent(event)).toEqual({ method: 'POST', path: ['topics', 'demo.pin'], contentType: KAFKA_JSON, body });
  expect(readEvent({ ...event, body: '{"ä":1}', isBase64Encoded: false }).body).toEqual(body);
  expect(readEvent({ ...event, resource: '/pin', pathParameters: null, headers: {}, body: null })).toMatchObject({
    path: ['pin'],
    contentType: undefined,
  });
});

test('finds values in a text', () => {
  const text = '{"a":"}\\"]","b":[ [1,"]"] , {} ,-1e5],"c":{}}';
  const found = members(text, 0);
  expect([...found].map(([name, span]) => [name, text.slice(...span)])).toEqual([
    ['a', '"}\\"]"'],
    ['b', '[ [1,"]"] , {} ,-1e5]'],
    ['c', '{}'],
  ]);
  expect(elements(text, found.get('b')![0]).map((span) => text.slice(...span))).toEqual(['[1,"]"]', '{}', '-1e5']);
  expect([...members('{ }', 0)]).toEqual([]);
  expect(elements('[\n]', 0)).toEqual([]);
});
