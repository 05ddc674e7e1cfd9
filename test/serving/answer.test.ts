import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answer } from '../../lambda/serving/query/answer.ts';
import type { BatchLayer } from '../../lambda/serving/query/batch-layer.ts';
import { catalogOf } from '../../lambda/serving/query/catalog.ts';
import type { Layers } from '../../lambda/serving/query/layers.ts';
import { answer as present } from '../../model/compile/answer.ts';
import { type CounterReader, contribution } from '../../model/compile/contribution.ts';
import { definitionHash, questionHash } from '../../model/compile/definition.ts';
import { metricId } from '../../model/counters/keys.ts';
import { completeRegistry, emptyRegistry, type Registry } from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Metric } from '../../model/metrics/metric.ts';
import type { Post } from '../../model/post.ts';
import { questions } from '../../model/questions/index.ts';
import type { Served, ServedIndex, ServedPage } from '../../model/served-copies.ts';
import { MemoryCounters } from '../model/counters.ts';
import { now as arrivedAt, posts as somePosts } from '../model/posts.ts';
import { asTexts, expectedAnswers, newestParts, sortedRows } from '../vectors/questions.ts';
import { expectDocumented } from './documented.ts';
import { goldColumns, goldRows } from './gold.ts';

const now = arrivedAt + 5_000;
const PAGE_ROWS = 2;
const catalog = catalogOf(metrics, questions);
const complete = completeRegistry(metrics.map(metricId), 0);

const vectorPosts: readonly Post[] = [...newestParts()].map(([ind, parts]) => ({
  ind,
  gen: 0,
  ...Object.fromEntries(
    Object.entries(parts).map(([feed, fields]) => [feed, { k: `${arrivedAt}#`, rules: 1, fields }]),
  ),
}));

function counted(posts: readonly Post[]): MemoryCounters {
  const counters = new MemoryCounters();
  for (const post of posts) for (const metric of metrics) counters.add(metric, contribution(metric, post));
  return counters;
}

/** What a run leaves, by key of metric or question. */
async function copiesOf(counters: MemoryCounters) {
  const copies = new Map<string, Pick<ServedIndex, 'definition' | 'columns'> & ServedPage>();
  for (const metric of metrics) {
    const definition = definitionHash(metric);
    copies.set(`metrics/${metric.name}`, {
      definition,
      columns: goldColumns(metric),
      rows: goldRows(metric, counters),
    });
  }
  for (const question of questions) {
    const rows = await present(question, counters, { now });
    const columns = Object.keys(rows[0] ?? { nothing: 0 });
    const texts = rows.map((row) =>
      columns.map((name) => (typeof row[name] === 'bigint' ? Number(row[name]) : row[name]!)),
    );
    const definition = questionHash(question);
    copies.set(`questions/${question.name}`, { definition, columns, rows: texts as ServedPage['rows'] });
  }
  return copies;
}

function batchOf(copies: Awaited<ReturnType<typeof copiesOf>>, runs = ['run-1']): BatchLayer {
  return {
    pointer: async () => (runs.length === 0 ? undefined : { runId: runs.at(-1)!, watermark: now }),
    async index({ run, kind, name }): Promise<ServedIndex | undefined> {
      const copy = runs.includes(run) ? copies.get(`${kind}/${name}`) : undefined;
      return (
        copy && {
          definition: copy.definition,
          columns: copy.columns,
          rows: copy.rows.length,
          pageRows: PAGE_ROWS,
          watermark: now,
          writtenAt: now - 1_000,
        }
      );
    },
    page: async ({ kind, name }, page) => ({
      rows: copies.get(`${kind}/${name}`)!.rows.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS),
    }),
  };
}

function layersOf(
  counters: MemoryCounters,
  more: Partial<Layers> & { readonly registry?: Registry | undefined } = {},
): Layers {
  const { registry = complete, ...rest } = more;
  const live = { open: async () => ({ registry, reader: counters, lastChange: async () => arrivedAt }) };
  return { live, topicsFeedSpeed: true, now: () => now, ...rest };
}

async function get(url: string, layers: Layers, of = catalog) {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
  const path = pathname.slice(1).split('/');
  const answered = await answer({ method: 'GET', path, query, headers: {} }, of, layers);
  const [root, name] = path as ['metrics' | 'questions', string | undefined];
  const ofName = root === 'metrics' ? '/metrics/{metric-name}' : '/questions/{question-name}';
  expectDocumented(name === undefined ? `/${root}` : ofName, answered);
  const { status, body } = answered;
  return { status, body: body === '' ? undefined : JSON.parse(body) };
}

const vectors = counted(vectorPosts);

test.each(Object.keys(expectedAnswers))('%s is served row for row, live and from a run', async (name) => {
  const layers = layersOf(vectors, { batch: batchOf(await copiesOf(vectors)) });
  const { columns, rows } = expectedAnswers[name]!;
  for (const layer of ['live', 'batch']) {
    const { status, body } = await get(`questions/${name}?layer=${layer}`, layers);
    expect({ status, layer: body.layer, columns: body.columns, notes: body.notes }).toEqual({
      status: 200,
      layer,
      columns,
      notes: [],
    });
    const found = body.rows.map((row: Record<string, string | number>) => columns.map((column) => row[column]!));
    expect(sortedRows(asTexts(found) as never)).toEqual(sortedRows(asTexts(rows) as never));
  }
});

test('a metric is the same live and from a run, by any dimensions and for any values', async () => {
  const asked = fc.constantFrom(...metrics).chain((metric) => {
    const names = metric.by.map(({ name }) => name);
    const value = fc.constantFrom('art', 'travel', 'unknown', '2018', '18-24', 'a|b');
    const where =
      names.length === 0
        ? fc.constant<[string, string][]>([])
        : fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 2 });
    return fc.record({ name: fc.constant(metric.name), by: fc.subarray([...names]), where });
  });
  const property = fc.asyncProperty(somePosts(30), asked, async (posts, { name, by, where }) => {
    const counters = counted(posts);
    const layers = layersOf(counters, { batch: batchOf(await copiesOf(counters)) });
    const search = new URLSearchParams([
      ['by', by.join()],
      ...where.map(([dimension, value]) => ['where', `${dimension}:${value}`] as [string, string]),
    ]);
    const [live, batch] = [
      await get(`metrics/${name}?${search}`, layers),
      await get(`metrics/${name}?layer=batch&${search}`, layers),
    ];
    expect([live.body.layer, batch.body.layer]).toEqual(['live', 'batch']);
    expect(batch.body.rows).toEqual(live.body.rows);
  });
  await fc.assert(property, { numRuns: 60 });
});

describe('pages', () => {
  test.each(['metrics/posts-by-category-and-country', 'questions/posts_by_year_and_category'])(
    'of %s are its rows, once each',
    async (path) => {
      const layers = layersOf(vectors, { batch: batchOf(await copiesOf(vectors)) });
      for (const layer of ['live', 'batch']) {
        const whole = (await get(`${path}?layer=${layer}`, layers)).body.rows;
        const found: unknown[] = [];
        for (let cursor: string | undefined = ''; cursor !== undefined; ) {
          const { body } = await get(`${path}?layer=${layer}&limit=3${cursor && `&cursor=${cursor}`}`, layers);
          expect(body.rows.length).toBeLessThanOrEqual(3);
          found.push(...body.rows);
          cursor = body.next;
        }
        expect(found).toEqual(whole);
        expect(whole.length).toBeGreaterThan(3);
      }
    },
  );

  test('stay in the run that they began in, until it is gone', async () => {
    const path = 'questions/posts_by_year_and_category?layer=batch&limit=3';
    const copies = await copiesOf(vectors);
    const first = await get(path, layersOf(vectors, { batch: batchOf(copies) }));
    const next = `${path}&cursor=${first.body.next}`;
    const later = await get(next, layersOf(vectors, { batch: batchOf(copies, ['run-1', 'run-2']) }));
    expect([first.body.run, later.body.run, later.status]).toEqual(['run-1', 'run-1', 200]);
    const gone = await get(next, layersOf(vectors, { batch: batchOf(copies, ['run-2']) }));
    expect(gone).toMatchObject({ status: 410, body: { parameter: 'cursor' } });
  });
});

describe('an answer comes from the batch layer, and says why, when', () => {
  test('its counters are not complete', async () => {
    const registry = emptyRegistry(0);
    const layers = layersOf(vectors, { registry, batch: batchOf(await copiesOf(vectors)) });
    const { body } = await get('questions/users_joined_by_year', layers);
    expect(body).toMatchObject({ layer: 'batch', run: 'run-1', notes: [{ code: 'fromBatch' }] });
    expect(body.notes[0].message).toContain('people-by-joining-year');
  });

  test('it would read more counters than its metric allows, of which there is no budget in a run', async () => {
    const { body } = await getTight('metrics/posters', { batch: batchOf(await copiesOf(vectors)) });
    expect(body).toMatchObject({
      layer: 'batch',
      notes: [{ code: 'fromBatch', message: expect.stringContaining('budget of 3 counters') }],
    });
  });
});

/** Of a model whose metrics may read three counters. */
function getTight(url: string, more: Partial<Layers> = {}) {
  const tightMetrics = metrics.map((metric) => ({ ...metric, readBudget: 3 }));
  const tightOf = (metric: Metric) => tightMetrics.find(({ name }) => name === metric.name)!;
  const tight = catalogOf(
    tightMetrics,
    questions.map((question) => ({ ...question, metric: tightOf(question.metric) })),
  );
  const reader: CounterReader = {
    counters: ({ name }, range) => vectors.counters(metrics.find((metric) => metric.name === name)!, range),
  };
  const live = { open: async () => ({ registry: complete, reader, lastChange: async () => now }) };
  return get(url, { ...layersOf(vectors, more), live }, tight);
}

describe('an answer that would read too much, with no batch layer to ask, is 422 and says how to ask for less', () => {
  test.each<[string, RegExp, object]>([
    [
      'metrics/posts-by-category-and-country',
      /budget of 3 counters.*where=country:<value>/,
      { parameter: 'where', allowed: ['country:<value>'] },
    ],
    ['metrics/posters', /No parameter narrows it/, {}],
    [
      'questions/most_popular_category_by_year',
      /\/metrics\/posts-by-category-and-post-year\?where=post_year:<value>/,
      {},
    ],
  ])('%s', async (path, message, more) => {
    const { status, body } = await getTight(path);
    expect({ status, body }).toEqual({
      status: 422,
      body: { message: expect.stringMatching(message), __type: 'OverBudgetException', ...more },
    });
  });

  test('and what it says helps', async () => {
    const path = 'metrics/posts-by-category?where=category:art';
    expect((await getTight('metrics/posts-by-category')).status).toBe(422);
    expect(await getTight(path)).toMatchObject({ status: 200, body: { layer: 'live', rows: [{ category: 'art' }] } });
  });

  test('with a batch layer in which no run has ended, a run would help as well', async () => {
    const { status, body } = await getTight('metrics/posters', { batch: batchOf(new Map(), []) });
    expect({ status, message: body.message }).toEqual({
      status: 503,
      message: expect.stringMatching(/npm run batch.*budget of 3 counters/),
    });
  });
});

test('a metric of more rows than are presented is for Athena', async () => {
  const copies = await copiesOf(vectors);
  const batch = batchOf(copies);
  const many = { ...batch, index: async (of: Served) => ({ ...(await batch.index(of))!, rows: 200_001 }) };
  const { status, body } = await get('metrics/posters?layer=batch', layersOf(vectors, { batch: many }));
  expect({ status, body }).toEqual({
    status: 422,
    body: { message: expect.stringContaining('npm run query'), __type: 'OverBudgetException' },
  });
});

test('a layer that the deployment has not is a bad parameter', async () => {
  const { status, body } = await get('questions/users_joined_by_year?layer=batch', layersOf(vectors));
  expect({ status, body }).toMatchObject({ status: 400, body: { parameter: 'layer', allowed: ['live'] } });
});

describe('an answer that cannot be given is 503 and says why, when', () => {
  test.each<[string, Partial<Layers> & { registry?: Registry }, RegExp]>([
    ['no run has ended', { batch: batchOf(new Map(), []) }, /No run.*npm run batch/],
    ['the run left none', { batch: batchOf(new Map()) }, /left no answer/],
  ])('%s', async (_, more, message) => {
    const { status, body } = await get('questions/users_joined_by_year?layer=batch', layersOf(vectors, more));
    expect({ status, body }).toEqual({
      status: 503,
      body: { message: expect.stringMatching(message), __type: 'ServiceUnavailableException' },
    });
  });
});

describe('what a run computed by another definition is not served under its name', () => {
  const path = 'metrics/posts-by-category-and-country?layer=batch&limit=1';
  const changed = async (name: string) => {
    const copies = await copiesOf(vectors);
    return batchOf(copies.set(name, { ...copies.get(name)!, definition: '00000000' }));
  };

  test.each(['metrics/posts-by-category-and-country', 'questions/users_joined_by_year'])('%s', async (name) => {
    const layers = layersOf(vectors, { batch: await changed(name) });
    const { status, body } = await get(`${name}?layer=batch`, layers);
    expect({ status, body }).toEqual({
      status: 503,
      body: {
        message: expect.stringMatching(/another definition.*npm run batch/),
        __type: 'ServiceUnavailableException',
      },
    });
    expect((await get(name, layers)).body.layer).toBe('live');
  });

  test('nor where its live counters are not complete', async () => {
    const registry = emptyRegistry(0);
    const layers = layersOf(vectors, { registry, batch: await changed('questions/users_joined_by_year') });
    const { status, body } = await get('questions/users_joined_by_year', layers);
    expect({ status, message: body.message }).toEqual({
      status: 503,
      message: expect.stringMatching(/npm run batch.*npm run rebuild/),
    });
  });

  test('and a cursor into it is gone', async () => {
    const first = await get(path, layersOf(vectors, { batch: batchOf(await copiesOf(vectors)) }));
    const layers = layersOf(vectors, { batch: await changed('metrics/posts-by-category-and-country') });
    expect((await get(`${path}&cursor=${first.body.next}`, layers)).status).toBe(410);
  });
});

test('an answer says when a change is missing in it, and which doors it has seen', async () => {
  const inexact = { ...complete, inexactUpTo: 0 };
  const batch = batchOf(await copiesOf(vectors));
  const path = 'metrics/posts-by-category';
  expect((await get(path, layersOf(vectors, { registry: inexact }))).body.notes).toEqual([
    { code: 'inexact', message: expect.stringContaining('posts-by-category') },
  ]);
  const apart = layersOf(vectors, { batch, topicsFeedSpeed: false });
  expect((await get(path, apart)).body).toMatchObject({ doors: ['streams'], notes: [{ code: 'partOfDoors' }] });
  expect((await get(`${path}?layer=batch`, apart)).body).toMatchObject({ doors: ['streams', 'topics'], notes: [] });
  expect((await get(path, layersOf(vectors))).body).toMatchObject({
    asOf: new Date(now).toISOString(),
    watermark: new Date(arrivedAt).toISOString(),
    freshness: 5,
  });
});

test('the lists tell dimensions and whether live answers are complete', async () => {
  const building = { ...complete, metrics: { [metricId(metrics[0]!)]: { building: 0 } } };
  const { body } = await get('metrics', layersOf(vectors, { registry: building }));
  expect(body.metrics).toHaveLength(metrics.length);
  expect(body.metrics).toContainEqual(
    expect.objectContaining({
      name: 'posts-by-category-and-country',
      dimensions: ['country', 'category'],
      columns: ['country', 'category', 'posts'],
      live: 'building',
    }),
  );
  const { body: all } = await get('questions', layersOf(vectors));
  expect(all.questions.map(({ live }: { live: string }) => live)).toEqual(questions.map(() => 'exact'));
});
