import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { metricId } from '../../model/counters/keys.ts';
import { metrics } from '../../model/metrics/index.ts';
import { questions } from '../../model/questions/index.ts';
import { posts as somePosts } from '../model/posts.ts';
import { asTexts, expectedAnswers, sortedRows } from '../vectors/questions.ts';
import { arrivedAt, batchOf, complete, copiesOf, counted, get, layersOf, now, vectors } from './world.ts';

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
}, 300_000);

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
