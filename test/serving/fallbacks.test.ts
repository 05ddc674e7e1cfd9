import { describe, expect, test } from '@jest/globals';
import { catalogOf } from '../../lambda/serving/query/catalog.ts';
import type { Layers } from '../../lambda/serving/query/layers.ts';
import type { CounterReader } from '../../model/compile/contribution.ts';
import { emptyRegistry, type Registry } from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Metric } from '../../model/metrics/metric.ts';
import { questions } from '../../model/questions/index.ts';
import type { Served } from '../../model/serving/served-copies.ts';
import { batchOf, complete, copiesOf, get, layersOf, now, vectors } from './world.ts';

describe('an answer comes from the batch layer, and says why, when', () => {
  test('its counters are not complete', async () => {
    const registry = emptyRegistry(0);
    const layers = layersOf(vectors, { registry, batch: batchOf(await copiesOf(vectors)) });
    const { body } = await get('questions/users_joined_by_year', layers);
    expect(body).toMatchObject({ layer: 'batch', run: 'run-1', notes: [{ code: 'fromBatch' }] });
    expect(body.notes[0].message).toContain('people-by-joining-year');
  });

  test('nothing has been counted yet', async () => {
    const layers = layersOf(vectors, { batch: batchOf(await copiesOf(vectors)) });
    const live = { open: async () => ({ ...(await layers.live.open()), registry: undefined }) };
    const { body } = await get('questions/users_joined_by_year', { ...layers, live });
    expect(body.notes).toEqual([
      { code: 'fromBatch', message: expect.stringMatching(/^No post has been counted yet/) },
    ]);
  });

  test('the first page did, be its counters complete by now', async () => {
    const path = 'metrics/posts-by-category-and-country?limit=1';
    const batch = batchOf(await copiesOf(vectors));
    const { body: first } = await get(path, layersOf(vectors, { registry: emptyRegistry(0), batch }));
    const { body } = await get(`${path}&cursor=${first.next}`, layersOf(vectors, { batch }));
    expect(body).toMatchObject({ layer: 'batch', run: 'run-1', notes: [{ code: 'fromBatch' }] });
  });

  test('it would read more counters than its metric allows, of which there is no budget in a run', async () => {
    const { body } = await getTight('metrics/posters', { batch: batchOf(await copiesOf(vectors)) });
    expect(body).toMatchObject({
      layer: 'batch',
      notes: [{ code: 'fromBatch', message: expect.stringContaining('budget of 3 counters') }],
    });
  });
});

/** Of a model whose metrics may read so many counters. */
function getTight(url: string, more: Partial<Layers> = {}, readBudget = 3) {
  const tightMetrics = metrics.map((metric) => ({ ...metric, readBudget }));
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
    [
      'metrics/posts-by-category-and-country?where=country:unknown&where=country:Peru',
      /one where=country:<value>/,
      { parameter: 'where', allowed: ['country:<value>'] },
    ],
    ['metrics/posters', /No parameter narrows it:/, {}],
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

  test('of what is asked for by single values already', async () => {
    const path = 'metrics/posts-by-category-and-country?where=country:unknown';
    const { body: byCountry } = await getTight(path, {}, 0);
    const { body: byBoth } = await getTight(`${path}&where=category:unknown`, {}, 0);
    expect(byCountry).toMatchObject({ parameter: 'where', allowed: ['category:<value>'] });
    expect(byBoth.message).toMatch(/No parameter narrows it further:/);
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
