import { describe, expect, test } from '@jest/globals';
import { CONFIRMED, kinesis, RECORD, RECORDS, runGateway, STREAM } from './fake-kinesis.ts';
import { routes } from './template-routes.ts';

const gateway = runGateway();

const decode = (data: string): string => Buffer.from(data, 'base64').toString('utf8');
const stored = (): unknown[] =>
  gateway.calls.flatMap(({ input }) =>
    (input.Records ?? [input]).map((record: { Data: string }) => JSON.parse(decode(record.Data))),
  );
const keys = (): unknown[] =>
  gateway.calls.flatMap(({ input }) =>
    (input.Records ?? [input]).map((record: { PartitionKey: string }) => record.PartitionKey),
  );

const NASTY =
  'quotes "\' backslash \\ $name ${x} $!y #set($a=1) #end ## \n\r\t\b\f NUL \u0000 \u2028 emoji 😀 é / </script>';

describe('PUT and POST …/record', () => {
  test.each(['PUT', 'POST'])('%s writes what was sent under the name in the path', async (verb) => {
    const row = { index: 7528, unique_id: 'fbe53c66', title: 'No Title' };
    const reply = await gateway.send(verb, RECORD, {
      headers: { 'Content-Type': 'application/json' },
      body: { StreamName: '{self.stream_name}', Data: row, PartitionKey: 'partition-1' },
    });
    expect(reply.status).toBe(200);
    expect(reply.json).toEqual(CONFIRMED);
    expect(reply.headers).toMatchObject({ 'content-type': 'application/json', 'access-control-allow-origin': '*' });
    expect(gateway.calls).toEqual([
      {
        role: expect.stringMatching(/ for apigateway\.amazonaws\.com$/),
        service: 'kinesis',
        action: 'PutRecord',
        input: { StreamName: STREAM, PartitionKey: 'partition-1', Data: expect.any(String) },
      },
    ]);
    expect(stored()).toEqual([row]);
  });

  test.each<[string, unknown]>([
    ['an object', { a: 1 }],
    ['an empty object', {}],
    ['an array with one row', [{ a: 1 }]],
    ['an empty array', []],
    ['a quoted JSON text', '{"a":1}'],
    ['Base64 of a row', Buffer.from('{"a":1}').toString('base64')],
    ['an empty text', ''],
    ['a number', 12],
    ['false', false],
    ['zero', 0],
    ['hostile text', { [NASTY]: NASTY, nested: [[NASTY]] }],
    ['a lone surrogate', '\ud800'],
    ['__proto__ as a name', JSON.parse('{"__proto__":{"a":1},"constructor":2}')],
  ])('stores %s as it came', async (_, Data) => {
    const reply = await gateway.send('PUT', RECORD, { body: { Data, PartitionKey: 'k' } });
    expect(reply.status).toBe(200);
    expect(stored()).toEqual([Data]);
  });

  test('keeps the digits of numbers', async () => {
    const body =
      '{"Data": {"big": 12345678901234567890, "one": 1.0, "long": 0.1234567890123456789, "e": 1E+2}, "PartitionKey": "k"}';
    await gateway.send('PUT', RECORD, { body });
    expect(decode(gateway.calls[0]!.input.Data)).toBe(
      '{"big":12345678901234567890,"one":1.0,"long":0.1234567890123456789,"e":1E+2}',
    );
  });

  test.each([
    NASTY,
    '"}, "StreamName": "other", "x": "',
    '\\"',
    '$util.base64Encode("x")',
    "it's",
    '\\u0022',
    ' ',
    '0',
    'null',
    'k'.repeat(256),
    'é'.repeat(256),
  ])('the partition key %j passes unchanged and injects nothing', async (PartitionKey) => {
    const reply = await gateway.send('PUT', RECORD, { body: { Data: { a: 1 }, PartitionKey } });
    expect(reply.status).toBe(200);
    expect(keys()).toEqual([PartitionKey]);
    expect(Object.keys(gateway.calls[0]!.input).sort()).toEqual(['Data', 'PartitionKey', 'StreamName']);
    expect(gateway.calls[0]!.input.StreamName).toBe(STREAM);
  });

  test.each<[string, object | string, RegExp]>([
    ['no Data', { PartitionKey: 'k' }, /Data/],
    ['Data null', { Data: null, PartitionKey: 'k' }, /Data/],
    ['no partition key', { Data: {} }, /PartitionKey/],
    ['an empty partition key', { Data: {}, PartitionKey: '' }, /PartitionKey/],
    ['a null partition key', { Data: {}, PartitionKey: null }, /PartitionKey/],
    ['a number as partition key', { Data: {}, PartitionKey: 1 }, /PartitionKey/],
    ['a fraction as partition key', '{"Data": {}, "PartitionKey": 1.50}', /PartitionKey/],
    ['a huge number as partition key', '{"Data": {}, "PartitionKey": 12345678901234567890}', /PartitionKey/],
    ['a boolean as partition key', { Data: {}, PartitionKey: true }, /PartitionKey/],
    ['an object as partition key', { Data: {}, PartitionKey: { a: [1, null, '"'] } }, /PartitionKey/],
    ['an array as partition key', { Data: {}, PartitionKey: ['k'] }, /PartitionKey/],
    ['a partition key of 257 characters', { Data: {}, PartitionKey: 'k'.repeat(257) }, /PartitionKey.*256/],
    ['an array as body', [{ Data: {}, PartitionKey: 'k' }], /array/],
    ['a text as body', '"text"', /string/],
    ['null as body', 'null', /null/],
    ['no body', '', /null/],
    ['half a JSON', '{"Data": ', /JSON/],
    ['Python instead of JSON', "{'Data': 1}", /JSON/],
    ['a body nested too deep', `{"Data": ${'['.repeat(5000)}${']'.repeat(5000)}, "PartitionKey": "k"}`, /JSON/],
  ])('%s is a 400 that says why', async (_, body, message) => {
    const reply = await gateway.send('PUT', RECORD, { headers: { 'Content-Type': 'application/json' }, body });
    expect(reply.status).toBe(400);
    expect(reply.json).toEqual({ __type: expect.any(String), message: expect.stringMatching(message) });
    expect(reply.headers['access-control-allow-origin']).toBe('*');
    expect(written()).toBe(0);
    expect(gateway.failures).toEqual([]);
  });

  test('invalid UTF-8 is replaced', async () => {
    const body = Buffer.concat([
      Buffer.from('{"Data": "a'),
      Buffer.from([0xff, 0xc3, 0x28]),
      Buffer.from('b", "PartitionKey": "k"}'),
    ]);
    const reply = await gateway.send('PUT', RECORD, { body });
    expect(reply.status).toBe(200);
    expect(stored()).toEqual(['a\ufffd\ufffd(b']);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/vnd.kafka.json.v2+json', 'garbage'])(
    'a body of %s is a 415',
    async (type) => {
      const reply = await gateway.send('PUT', RECORD, {
        headers: { 'Content-Type': type },
        body: { Data: {}, PartitionKey: 'k' },
      });
      expect(reply.status).toBe(415);
      expect(reply.json).toEqual({
        __type: 'UnsupportedMediaTypeException',
        message: expect.stringContaining('application/json'),
      });
      expect(gateway.calls).toEqual([]);
    },
  );

  test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;'])(
    'a body of %s is JSON',
    async (type) => {
      const reply = await gateway.send('PUT', RECORD, {
        headers: { 'Content-Type': type },
        body: { Data: 1, PartitionKey: 'k' },
      });
      expect(reply.status).toBe(200);
    },
  );

  test('a body over 10 MB is a 413', async () => {
    const body = { Data: 'x'.repeat(10 * 1024 * 1024), PartitionKey: 'k' };
    const reply = await gateway.send('PUT', RECORD, { body });
    expect(reply.status).toBe(413);
    expect(reply.json).toEqual({ __type: 'RequestTooLargeException', message: expect.stringContaining('10 MB') });
    expect(gateway.calls).toEqual([]);
  });

  test('a large body within the limit passes', async () => {
    const Data = 'é'.repeat(1024 * 1024);
    expect((await gateway.send('PUT', RECORD, { body: { Data, PartitionKey: 'k' } })).status).toBe(200);
    expect(stored()).toEqual([Data]);
  });
});

describe('PUT and POST …/records', () => {
  test.each(['PUT', 'POST'])('%s takes both spellings', async (verb) => {
    const rows = [{ a: NASTY }, [1], '{"b":1}', false, 0, ''];
    await gateway.send(verb, RECORDS, {
      body: { records: rows.map((data, i) => ({ data, 'partition-key': `k"${i}` })) },
    });
    await gateway.send(verb, RECORDS, { body: { Records: rows.map((Data, i) => ({ Data, PartitionKey: `k"${i}` })) } });
    expect(stored()).toEqual([...rows, ...rows]);
    expect(keys()).toEqual([...rows, ...rows].map((_, i) => `k"${i % rows.length}`));
    expect(gateway.calls.map(({ action, input }) => [action, input.StreamName])).toEqual([
      ['PutRecords', STREAM],
      ['PutRecords', STREAM],
    ]);
  });

  test('500 records pass, and quickly', async () => {
    const records = Array.from({ length: 500 }, (_, i) => ({
      data: { i, text: NASTY, lat: -71.5025 },
      'partition-key': `k${i}`,
    }));
    await gateway.send('PUT', RECORDS, { body: { records } });
    gateway.calls.length = 0;
    const before = process.cpuUsage();
    const reply = await gateway.send('PUT', RECORDS, { body: { records } });
    // The time of this process alone: the machine may be busy.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(2_000);
    expect(reply.json.Records).toHaveLength(500);
    expect(stored()).toEqual(records.map(({ data }) => data));
  });

  const good = { data: { a: 1 }, 'partition-key': 'k' };
  test.each<[string, unknown, RegExp]>([
    ['no records', {}, /records/],
    ['empty records', { records: [] }, /records/],
    ['empty Records', { Records: [] }, /Records/],
    ['records null', { records: null }, /records/],
    ['an object as records', { records: { 0: good } }, /records/],
    ['a text as records', { records: 'text' }, /records/],
    ['a number as records', { records: 5 }, /records/],
    ['501 records', { records: Array(501).fill(good) }, /501/],
    ['1,001 records', { records: Array(1001).fill(good) }, /1001/],
    ['an element without data', { records: [good, { 'partition-key': 'k' }] }, /records\[1\]\.data/],
    ['a capital element without data', { Records: [{ PartitionKey: 'k' }] }, /Records\[0\]\.Data/],
    [
      'an element with null data',
      { records: [good, good, { data: null, 'partition-key': 'k' }] },
      /records\[2\]\.data/,
    ],
    ['an element without a key', { records: [{ data: 1 }] }, /records\[0\]\.partition-key/],
    ['an element with an empty key', { records: [{ data: 1, 'partition-key': '' }] }, /records\[0\]\.partition-key/],
    ['an element with a number as key', { records: [{ data: 1, 'partition-key': 7 }] }, /records\[0\]\.partition-key/],
    [
      'an element with an object as key',
      { records: [{ data: 1, 'partition-key': {} }] },
      /records\[0\]\.partition-key/,
    ],
    [
      'an element with a long key',
      { records: [{ data: 1, 'partition-key': 'k'.repeat(257) }] },
      /records\[0\]\.partition-key.*256/,
    ],
    ['null as an element', { records: [good, null] }, /records\[1\]/],
    ['null as the first element', { records: [null] }, /records/],
    ['a number as an element', { records: [good, 5] }, /records\[1\]/],
    ['a text as an element', { records: [good, 'data'] }, /records\[1\]/],
    ['a list as an element', { records: [good, ['data']] }, /records\[1\]/],
    ['the other spelling of the fields', { records: [{ Data: 1, PartitionKey: 'k' }] }, /records\[0\]\.data/],
    ['a list as body', [good], /array/],
  ])('%s is a 400 that names it', async (_, body, message) => {
    const reply = await gateway.send('PUT', RECORDS, { body });
    expect([reply.status, reply.json?.message, gateway.failures]).toEqual([400, expect.stringMatching(message), []]);
    expect(written()).toBe(0);
  });

  test('a partial failure is a 207 with the result of every record', async () => {
    const Records = [CONFIRMED, { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' }];
    gateway.respond = () => ({ FailedRecordCount: 1, Records });
    const reply = await gateway.send('PUT', RECORDS, { body: { records: [good, good] } });
    expect(reply.status).toBe(207);
    expect(reply.json).toEqual({ FailedRecordCount: 1, Records });
  });
});

describe('routes', () => routes(gateway));

/** Records that reached a stream: what the fake refused did not. */
function written(): number {
  return gateway.calls.filter(({ action, input }) => {
    try {
      kinesis(action, input);
      return true;
    } catch {
      return false;
    }
  }).length;
}
