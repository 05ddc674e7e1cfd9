import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { askQuestions, difference, type ServedAnswer } from '../../cli/demonstration/answers.ts';
import { comparedText } from '../../cli/demonstration/print-answers.ts';
import { questions } from '../../model/questions/index.ts';

const question = questions.find(({ name }) => name === 'most_popular_category_by_age_group')!;
const columns = ['age_group', 'category', 'category_count'];
const about = {
  doors: ['streams'],
  asOf: '2026-11-21T12:00:01.000Z',
  watermark: '2026-11-21T12:00:00.000Z',
  notes: [],
};
const given = (layer: string, rows: ServedAnswer['rows']): ServedAnswer => ({
  ...about,
  question,
  layer,
  columns,
  rows,
});

let server: Server;
afterEach(() => {
  server?.close();
});

/** Answers each request with the next of these. */
async function api(answers: readonly { readonly status?: number; readonly body: object }[]) {
  const asked: string[] = [];
  server = createServer((request, response) => {
    const { status = 200, body } = answers[asked.push(request.url ?? '') - 1]!;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { asked, api: { url: `http://127.0.0.1:${port}/prod`, auth: { kind: 'none' } as const } };
}

const page = (run: string, rows: readonly object[], next?: string) => ({
  body: { ...about, layer: 'batch', run, columns, rows, ...(next !== undefined && { next }) },
});

test('all pages of an answer are read, once the run that is asked for is seen', async () => {
  const [art, beauty] = [
    { age_group: '18-24', category: 'art', category_count: 2 },
    { age_group: '18-24', category: 'beauty', category_count: 2 },
  ] as const;
  const served = await api([page('before', []), page('now', [art], 'more'), page('now', [beauty])]);
  const [answer] = await askQuestions(served.api, [question], { layer: 'batch', run: 'now' });
  expect(answer!.rows).toEqual([
    ['18-24', 'art', 2],
    ['18-24', 'beauty', 2],
  ]);
  const path = `/prod/questions/${question.name}?layer=batch`;
  expect(served.asked).toEqual([path, path, `${path}&cursor=more`]);
});

test('what the API does not answer is told in its words', async () => {
  const served = await api([{ status: 503, body: { message: 'No run of the batch layer has ended yet.' } }]);
  await expect(askQuestions(served.api, [question], { layer: 'live' })).rejects.toThrow('No run of the batch layer');
});

test('answers are the same row for row, in their order', () => {
  const one = ['18-24', 'art', 2] as const;
  const other = ['25-35', 'art', 1] as const;
  const live = given('live', [one, other]);
  expect(difference(live, given('batch', [one, other]))).toBeUndefined();
  expect(difference(live, given('batch', [other, one]))).toBe(
    'most_popular_category_by_age_group differs: the same rows in another order.',
  );
  const drifted = given('batch', [one, ['25-35', 'art', 3]]);
  expect(difference(live, drifted)).toBe(
    'most_popular_category_by_age_group differs: 1 row is only live, ["25-35","art",1]; 1 row is only of the batch layer, ["25-35","art",3].',
  );
  expect(comparedText([live], [drifted])).toContain('live and batch differ');
});
