import { describe, expect, test } from '@jest/globals';
import { goneCursor } from '../../lambda/serving/query/errors.ts';
import { errorAnswer, listAnswer, type RowsAnswer, rowsAnswer } from '../../lambda/serving/query/representation.ts';
import type { Value } from '../../model/compile/keys.ts';

const now = Date.parse('2026-11-21T12:00:05Z');
const answer: RowsAnswer = {
  name: 'posts-by-country',
  describe: 'Posts in each country.',
  columns: ['country', 'posts'],
  rows: [
    { country: 'Albania', posts: 2n },
    { country: "Cote d'Ivoire", posts: 9_007_199_254_740_993n },
  ],
  layer: 'batch',
  doors: ['streams', 'topics'],
  asOf: now - 2_000,
  watermark: now - 5_000,
  run: 'run-1',
  notes: [{ code: 'fromBatch', message: 'It is being built.' }],
  next: 'abc',
};

test('JSON says what the answer is worth, and keeps whole numbers exact', () => {
  const { status, headers, body } = rowsAnswer(answer, 'json', now);
  expect([status, headers['Content-Type']]).toEqual([200, 'application/json']);
  expect(JSON.parse(body)).toEqual({
    name: 'posts-by-country',
    describe: 'Posts in each country.',
    layer: 'batch',
    doors: ['streams', 'topics'],
    asOf: '2026-11-21T12:00:03.000Z',
    watermark: '2026-11-21T12:00:00.000Z',
    freshness: 5,
    run: 'run-1',
    notes: [{ code: 'fromBatch', message: 'It is being built.' }],
    columns: ['country', 'posts'],
    rows: [
      { country: 'Albania', posts: 2 },
      { country: "Cote d'Ivoire", posts: '9007199254740993' },
    ],
    next: 'abc',
  });
});

test('CSV says the same in headers', () => {
  const { headers, body } = rowsAnswer(answer, 'csv', now);
  expect(body).toBe("country,posts\r\nAlbania,2\r\nCote d'Ivoire,9007199254740993\r\n");
  expect(headers).toMatchObject({
    'Content-Type': 'text/csv; charset=utf-8',
    'Pinflow-Layer': 'batch',
    'Pinflow-Doors': 'streams, topics',
    'Pinflow-As-Of': '2026-11-21T12:00:03.000Z',
    'Pinflow-Watermark': '2026-11-21T12:00:00.000Z',
    'Pinflow-Freshness': '5',
    'Pinflow-Notes': 'fromBatch',
    Link: '<?cursor=abc>; rel="next"',
    'Access-Control-Allow-Origin': '*',
  });
});

test('the link to the next page asks for the same again', () => {
  const query = { layer: ['batch'], where: ['country:Albania', 'category:a&b'], cursor: ['before'] };
  const { headers } = rowsAnswer(answer, 'json', now, undefined, query);
  const link = new URL(/<(.*)>/.exec(headers['Link']!)![1]!, 'https://api.example/prod/metrics/m?layer=live&limit=2');
  expect(`${link}`).toBe(
    'https://api.example/prod/metrics/m?layer=batch&where=country%3AAlbania&where=category%3Aa%26b&cursor=abc',
  );
});

test('what is not known is null, and no header', () => {
  const { watermark: _, run: _run, next: _next, ...rest } = answer;
  const { headers, body } = rowsAnswer({ ...rest, watermark: undefined, notes: [] }, 'json', now);
  expect(JSON.parse(body)).toMatchObject({ watermark: null, freshness: null, notes: [] });
  for (const name of ['Pinflow-Watermark', 'Pinflow-Freshness', 'Pinflow-Notes', 'Link'])
    expect(headers).not.toHaveProperty(name);
});

test.each<[string, Value, string]>([
  ['a text', 'Albania', 'Albania'],
  ['a comma', 'a,b', '"a,b"'],
  ['a quote', 'a "b"', '"a ""b"""'],
  ['a line break', 'a\nb', '"a\nb"'],
  ['no text', '', '""'],
  ['null', null, ''],
  ['a formula', '=1+1', "'=1+1"],
  ['a formula with a quote', '=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
  ['a plus', '+1', "'+1"],
  ['a minus', '-1', "'-1"],
  ['an at', '@SUM(A1)', "'@SUM(A1)"],
  ['a wide equals sign', '＝1+1', "'＝1+1"],
  ['a tab', '\t=1', "'\t=1"],
  ['a carriage return', '\r=1', '"\'\r=1"'],
  ['a negative number', -1n, '-1'],
  ['a fraction', -0.5, '-0.5'],
])('a cell of CSV with %s', (_, value, text) => {
  const { body } = rowsAnswer({ ...answer, columns: ['a'], rows: [{ a: value }] }, 'csv', now);
  expect(body).toBe(`a\r\n${text}\r\n`);
});

describe('the entity tag', () => {
  const tagOf = (of: Partial<RowsAnswer> = {}, format: 'json' | 'csv' = 'json') =>
    rowsAnswer({ ...answer, ...of }, format, now).headers['ETag']!;

  test('stays when only time has passed', () => {
    expect(tagOf({ asOf: now, watermark: now })).toBe(tagOf());
    expect(tagOf()).toMatch(/^W\/"[\w-]{22}"$/);
  });

  test('changes with everything else', () => {
    const others = [tagOf({ rows: [] }), tagOf({ layer: 'live' }), tagOf({ notes: [] }), tagOf({}, 'csv')];
    expect(new Set([tagOf(), ...others]).size).toBe(5);
  });

  test.each([
    ['itself', tagOf()],
    ['its strong form', tagOf().slice(2)],
    ['one of several', `"other", ${tagOf()}`],
    ['any', '*'],
  ])('in If-None-Match, as %s, leaves out the body', (_, ifNoneMatch) => {
    const { status, headers, body } = rowsAnswer(answer, 'json', now, ifNoneMatch);
    expect({ status, body, tag: headers['ETag'] }).toEqual({ status: 304, body: '', tag: tagOf() });
  });

  test('of another answer does not', () => {
    expect(rowsAnswer(answer, 'json', now, tagOf({ rows: [] })).status).toBe(200);
  });

  test('is on lists too', () => {
    const list = [{ name: 'a', describe: 'b', dimensions: ['c', 'd'], columns: ['c'], live: 'exact' as const }];
    const { headers, body } = listAnswer('metrics', list, 'json');
    expect(body).toBe(JSON.stringify({ metrics: list }));
    expect(listAnswer('metrics', list, 'json', headers['ETag']).status).toBe(304);
    expect(listAnswer('metrics', list, 'csv').body).toBe(
      'name,describe,dimensions,columns,live\r\na,b,c d,c,exact\r\n',
    );
  });
});

test('an error is JSON in the shape of the other errors of the API', () => {
  const { status, headers, body } = errorAnswer(goneCursor());
  expect([status, headers['Content-Type']]).toEqual([410, 'application/json']);
  expect(JSON.parse(body)).toEqual({
    message: expect.any(String),
    __type: 'ExpiredCursorException',
    parameter: 'cursor',
  });
});
