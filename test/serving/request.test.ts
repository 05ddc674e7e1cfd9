import { describe, expect, test } from '@jest/globals';
import { catalogOf } from '../../lambda/serving/query/catalog.ts';
import { cursorText } from '../../lambda/serving/query/cursor.ts';
import { RequestError } from '../../lambda/serving/query/errors.ts';
import { type RowsRequest, readRequest } from '../../lambda/serving/query/request.ts';
import { metrics } from '../../model/metrics/index.ts';
import { questions } from '../../model/questions/index.ts';
import { defaultLimit, mostRows } from '../../model/serving/query-api.ts';

const catalog = catalogOf(metrics, questions);
const METRIC = 'posts-by-category-and-country';
const QUESTION = 'most_popular_category_by_country';

function read(path: string, search = '', headers: Record<string, string> = {}) {
  const given = new URLSearchParams(search);
  const query = Object.fromEntries([...given.keys()].map((name) => [name, given.getAll(name)]));
  return readRequest({ method: 'GET', path: path.split('/'), query, headers }, catalog);
}

const rows = (search: string, path = `metrics/${METRIC}`): RowsRequest => read(path, search) as RowsRequest;

function refusal(path: string, search = ''): RequestError {
  try {
    read(path, search);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error('It was taken');
}

test('a metric is asked for live, by all its dimensions, a page at a time', () => {
  expect(rows('')).toEqual({
    of: catalog.metrics.get(METRIC),
    layer: 'live',
    by: ['country', 'category'],
    where: new Map(),
    format: 'json',
    limit: defaultLimit,
    cursor: undefined,
  });
});

describe('by', () => {
  test.each<[string, string[]]>([
    ['by=category', ['category']],
    ['by=category,country', ['country', 'category']],
    ['by=category&by=country', ['country', 'category']],
    ['by=', []],
  ])('%s is %j, in the order of the metric', (search, by) => expect(rows(search).by).toEqual(by));
});

describe('where', () => {
  test('takes all that follows the first colon; values of one dimension are alternatives', () => {
    const search = new URLSearchParams([
      ['where', "country:Cote d'Ivoire"],
      ['where', 'country:a:b'],
      ['where', 'category:'],
    ]);
    expect(rows(String(search)).where).toEqual(
      new Map([
        ['country', new Set(["Cote d'Ivoire", 'a:b'])],
        ['category', new Set([''])],
      ]),
    );
  });
});

describe('the format', () => {
  test.each<[string, string | undefined, string]>([
    ['', undefined, 'json'],
    ['', 'text/csv', 'csv'],
    ['', 'text/html, TEXT/CSV;q=0.9, */*', 'csv'],
    ['', 'application/json, text/csv', 'json'],
    ['', '*/*', 'json'],
    ['', 'image/png', 'json'],
    ['format=json', 'text/csv', 'json'],
    ['format=csv', undefined, 'csv'],
  ])('%j with Accept %j is %s', (search, accept, format) => {
    expect(read('metrics', search, accept === undefined ? {} : { accept })).toEqual({ list: 'metrics', format });
  });
});

describe('a bad parameter is named, with what it takes', () => {
  test.each<[string, string, string, unknown]>([
    [`metrics/${METRIC}`, 'layer=gold', 'layer', ['live', 'batch']],
    [`metrics/${METRIC}`, 'by=colour', 'by', ['country', 'category']],
    [`metrics/${METRIC}`, 'where=Albania', 'where', ['country:<value>', 'category:<value>']],
    [`metrics/${METRIC}`, 'where=colour:red', 'where', ['country:<value>', 'category:<value>']],
    [`metrics/${METRIC}`, `where=country:${'é'.repeat(81)}`, 'where', 'a value as the answers show it'],
    [`metrics/${METRIC}`, 'format=xml', 'format', ['json', 'csv']],
    [`metrics/${METRIC}`, 'limit=0', 'limit', `a whole number from 1 to ${mostRows}`],
    [`metrics/${METRIC}`, 'limit=1e3', 'limit', `a whole number from 1 to ${mostRows}`],
    [`metrics/${METRIC}`, `limit=${mostRows + 1}`, 'limit', `a whole number from 1 to ${mostRows}`],
    [`metrics/${METRIC}`, 'cursor=nonsense', 'cursor', 'the cursor of an answer'],
    [`metrics/${METRIC}`, 'cursor=W10', 'cursor', 'the cursor of an answer'],
    [`metrics/${METRIC}`, 'colour=red', 'colour', ['by', 'where', 'layer', 'limit', 'cursor', 'format']],
    [`questions/${QUESTION}`, 'by=country', 'by', ['layer', 'limit', 'cursor', 'format']],
    ['questions', 'layer=live', 'layer', ['format']],
  ])('%s?%s', (path, search, parameter, allowed) => {
    const { status, type, more, message } = refusal(path, search);
    expect({ status, type, more }).toEqual({ status: 400, type: 'ValidationException', more: { parameter, allowed } });
    expect(message).toContain(parameter);
  });
});

test.each([
  ['metrics/posts', 'metric', metrics.map(({ name }) => name)],
  ['questions/meaning_of_life', 'question', questions.map(({ name }) => name)],
])('%s is not there, but these are', (path, kind, names) => {
  const { status, message, more } = refusal(path);
  expect({ status, more }).toEqual({ status: 404, more: { names } });
  expect(message).toContain(`There is no ${kind} `);
});

test.each([
  ['metrics/posts_by_category', '/metrics/posts-by-category'],
  ['metrics/users_joined_by_year', '/questions/users_joined_by_year'],
  ['questions/Users-Joined-By-Year', '/questions/users_joined_by_year'],
  ['questions/posters', '/metrics/posters'],
])('%s is close to %s', (path, meant) => expect(refusal(path).message).toContain(`Do you mean ${meant}?`));

test.each([
  ['metrics/posters', 'by=poster_name', 'by', /posters has none: leave it out/],
  ['metrics/posters', 'where=poster_name:Ann', 'where', /posters has none: leave it out/],
  [`questions/${QUESTION}`, 'where=country:Peru', 'where', /shown as it is.*\/metrics\/posts-by-category-and-country/],
])('%s?%s is told what to do instead', (path, search, parameter, message) => {
  const found = refusal(path, search);
  expect([found.status, found.more['parameter']]).toEqual([400, parameter]);
  expect(found.message).toMatch(message);
});

test.each(['answers', 'metrics/a/b'])('%s is no route', (path) => expect(refusal(path).status).toBe(404));

describe('a cursor', () => {
  const question = rows('by=country&where=category:art');

  test('leads on in the same request, whatever its limit and format', () => {
    const text = cursorText({ layer: 'batch', run: 'run-1', skip: 20 }, question);
    const { cursor } = rows(`by=country&where=category:art&limit=5&format=csv&cursor=${text}`);
    expect(cursor).toEqual({ layer: 'batch', run: 'run-1', skip: 20 });
  });

  test('is refused by another', () => {
    const text = cursorText({ layer: 'live', skip: 20 }, question);
    expect(refusal(`metrics/${METRIC}`, `cursor=${text}`).more['parameter']).toBe('cursor');
    expect(refusal(`metrics/${METRIC}`, `by=country&where=category:art&layer=batch&cursor=${text}`).status).toBe(400);
  });

  test('is gone once the rows are by another definition', () => {
    const before = { ...question, of: { ...question.of, definition: '00000000' } };
    const text = cursorText({ layer: 'live', skip: 20 }, before);
    const { status, more } = refusal(`metrics/${METRIC}`, `by=country&where=category:art&cursor=${text}`);
    expect([status, more['parameter']]).toEqual([410, 'cursor']);
  });
});
