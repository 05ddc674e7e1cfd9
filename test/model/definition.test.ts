import { expect, test } from '@jest/globals';
import { definitionHash, questionHash } from '../../model/compile/definition.ts';
import { category, country } from '../../model/metrics/dimensions.ts';
import { metrics } from '../../model/metrics/index.ts';
import { count, type Metric, oneOf, sum, text } from '../../model/metrics/metric.ts';
import { questions } from '../../model/questions/index.ts';
import { type Question, total } from '../../model/questions/question.ts';

const metric: Metric = { name: 'm', describe: 'M.', measure: count, by: [category, country] };
const question: Question = { name: 'q', title: 'q', metric, by: ['category'], values: { posts: total() } };

const otherMetrics: readonly Partial<Metric>[] = [
  { by: [text('geo.country')] },
  { where: [oneOf(category, 'art')] },
  { name: 'n' },
  { measure: sum('user.age') },
  { window: { minutes: 5, arrival: 'pin' } },
];
const withMetric = (change: Partial<Metric>): Metric => ({ ...metric, ...change });

test('the hash of a metric changes with what it counts only', () => {
  const hash = definitionHash(metric);
  expect(hash).toMatch(/^[0-9a-f]{8}$/);
  expect(definitionHash(withMetric({ describe: 'Otherwise said.', readBudget: 7 }))).toBe(hash);
  for (const change of otherMetrics) expect(definitionHash(withMetric(change))).not.toBe(hash);
  expect(new Set(metrics.map(definitionHash)).size).toBe(metrics.length);
});

test('the hash of a question changes with what it shows, and with what its metrics count', () => {
  const hash = questionHash(question);
  const other = withMetric({ name: 'other' });
  expect(hash).toMatch(/^[0-9a-f]{8}$/);
  expect(questionHash({ ...question, name: 'p', number: '9', title: 'Otherwise said' })).toBe(hash);
  const others: readonly Partial<Question>[] = [
    ...otherMetrics.map((change) => ({ metric: withMetric(change) })),
    { by: ['country'] },
    { where: [{ column: 'category', in: ['art'] }] },
    { values: { number: total() } },
    { values: { posts: total(other) } },
    { values: { posts: total(withMetric({ name: 'other', measure: sum('user.age') })) } },
    { top: { of: 'posts', within: [] } },
    { order: [{ column: 'posts' }] },
    { limit: 1 },
  ];
  const hashes = others.map((change) => questionHash({ ...question, ...change }));
  expect(new Set([hash, ...hashes]).size).toBe(others.length + 1);
  expect(new Set(questions.map(questionHash)).size).toBe(questions.length);
});
