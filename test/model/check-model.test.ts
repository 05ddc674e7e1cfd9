import { describe, expect, test } from '@jest/globals';
import { checkModel, ModelError } from '../../model/compile/check-model.ts';
import { ageGroup, category, country, followers } from '../../model/metrics/dimensions.ts';
import { metrics } from '../../model/metrics/index.ts';
import { bands, count, distinct, known, type Metric, oneOf, sum, text, year } from '../../model/metrics/metric.ts';
import { questions } from '../../model/questions/index.ts';
import { greatest, keys, median, type Question, ratio, total } from '../../model/questions/question.ts';
import type { Feed } from '../../model/rules/rule.ts';
import { feed, integer, text as plain, timestamp } from '../../model/rules/vocabulary.ts';

const good: Metric = { name: 'good', describe: 'Posts by category.', measure: count, by: [category] };

function problemsOf(some: readonly Metric[], asked: readonly Question[] = [], fed?: readonly Feed[]): string {
  try {
    checkModel(some, asked, fed);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as ModelError).message;
  }
  return '';
}

test('the model is sound', () => {
  expect(() => checkModel(metrics, questions)).not.toThrow();
});

describe('a metric is refused by its name', () => {
  test.each<[string, Partial<Metric>, RegExp]>([
    ['a name of other letters', { name: 'Bad_Name' }, /Metric Bad_Name: name it with lower-case words/],
    ['no description', { describe: ' ' }, /say in `describe`/],
    ['an unknown field', { by: [text('pin.categroy')] }, /pin has no field categroy: take one of unique_id, /],
    [
      'an unknown part',
      { by: [text('pic.category' as never)] },
      /pic\.category is of no part of a post: begin it with pin\., /,
    ],
    ['a field of another kind', { by: [year('pin.category', 'y')] }, /pin\.category is no moment/],
    ['a sum of texts', { measure: sum('geo.country') }, /geo\.country is no whole number/],
    ['a condition on an unknown field', { where: [known('geo.planet')] }, /geo has no field planet/],
    ['a condition that lets nothing through', { where: [oneOf(category)] }, /lets no value through/],
    ['a condition on a number', { where: [oneOf(followers, '5')] }, /a condition on a number needs bands/],
    [
      'two columns of one name',
      { by: [category, text('geo.country', 'category')] },
      /two of its columns are named category/,
    ],
    ['a column that is ours', { by: [text('pin.category', 'amount')] }, /the column name amount is taken/],
    ['a column that SQL takes otherwise', { by: [text('pin.category', 'range')] }, /the column name range is taken/],
    [
      'a condition that no band meets',
      { where: [oneOf(ageGroup, '18-25')] },
      /age_group is never 18-25: take one of <18, 18-24, .*, unknown\./,
    ],
    ['a column that SQL cannot name', { by: [text('pin.category', 'a b')] }, /the column a b is to have/],
    ['a read budget of nothing', { readBudget: 0 }, /the read budget 0 is no whole number/],
    ['distinct nothing', { measure: distinct(), readBudget: 1 }, /name the keys/],
    [
      'three texts in a key',
      { by: [category, country, text('pin.is_image_or_video')] },
      /category, country, is_image_or_video take up to 1443 bytes of a key/,
    ],
    ['a window of part of a minute', { window: { minutes: 0.5, arrival: 'pin' } }, /the window has 0\.5 minutes/],
    ['a window longer than is kept', { window: { minutes: 1441, arrival: 'pin' } }, /1 to 1440/],
    [
      'a window of another part',
      { window: { minutes: 1, arrival: 'pic' as never } },
      /arrival of pic, which is no part/,
    ],
    ['nothing of a post', { by: [] }, /names no part of a post/],
    [
      'bands that fall',
      { by: [bands('user.age', 'b', [{ label: 'x', below: 5 }, { label: 'y', below: 4 }, { label: 'z' }])] },
      /bands of b are to rise/,
    ],
    ['bands without an end', { by: [bands('user.age', 'b', [{ label: 'x', below: 5 }])] }, /the last without/],
    [
      'two bands of one label',
      { by: [bands('user.age', 'b', [{ label: 'x', below: 5 }, { label: 'x' }])] },
      /one label/,
    ],
    ['a label with a brace', { by: [bands('user.age', 'b', [{ label: '{}' }])] }, /has a brace/],
  ])('for %s', (_, change, message) => {
    const metric = { ...good, ...change };
    const found = problemsOf([metric]);
    expect(found).toMatch(message);
    expect(found).toContain(`Metric ${metric.name}: `);
  });

  test('for the name of another one', () => {
    expect(problemsOf([good, { ...good }])).toContain('Two metrics are named good: rename one.');
  });
});

describe('a feed is refused by its name', () => {
  const asked = (fields: Parameters<typeof feed>[1]['fields'], rules = 1) =>
    problemsOf([good], [], [feed('geo', { rules, key: 'ind', fields })]);
  test.each<[string, Parameters<typeof feed>[1]['fields'], RegExp]>([
    ['a column that is ours', { order_key: plain() }, /the column name order_key is taken/],
    ['a column of other letters', { Country: plain() }, /the column Country is to have lower-case letters/],
    [
      'a format without hours',
      { at: timestamp(['YYYY-MM-DD']) },
      /at: the format YYYY-MM-DD is to have each of YYYY, /,
    ],
    ['a format with two years', { at: timestamp(['YYYY YYYY-MM-DD hh:mm:ss']) }, /is to have each of .* once/],
    ['no format', { at: timestamp([]) }, /at: it has no format/],
    ['a range that ends before it begins', { n: integer({ min: 1, max: 0 }) }, /n: nothing is from 1 to 0/],
    [
      'a suffix of two letters',
      { n: (column) => ({ kind: 'count', from: column, null: [], suffixes: { kk: 3 }, min: 0, max: 1 }) },
      /n: the suffix kk is to be a letter/,
    ],
    [
      'more texts than an item holds',
      Object.fromEntries(Array.from({ length: 24 }, (_, at) => [`t${at}`, plain()])),
      /The texts of a post take up to 393216 bytes/,
    ],
  ])('for %s', (_, fields, message) => expect(asked(fields)).toMatch(message));

  test('for a version that is none', () => {
    expect(asked({ country: plain() }, 0)).toBe(
      'The model cannot be compiled:\n  Feed geo: the version 0 of its rules is no whole number from 1.',
    );
    expect(asked({ country: plain() })).toBe('');
  });
});

describe('a question is refused by its name', () => {
  const asked: Question = { name: 'asked', title: 'Asked', metric: good, by: ['category'], values: { posts: total() } };
  const other: Metric = { ...good, name: 'other', by: [country] };
  const aged: Metric = { ...good, name: 'aged', by: [ageGroup] };
  const people: Metric = { ...good, name: 'people', measure: distinct(text('user.last_name')) };
  test.each<[string, Partial<Question>, RegExp]>([
    [
      'a name of other letters',
      { name: 'as-ked' },
      /Question as-ked: name it with lower-case words joined by underscores/,
    ],
    ['an unknown metric', { metric: { ...good } }, /its metric good is no entry of the model/],
    ['an unknown column', { by: ['country'] }, /good has no column country: take one of category/],
    ['a filter on an unknown column', { where: [{ column: 'x', in: ['y'] }] }, /good has no column x/],
    [
      'a metric beside it that is counted otherwise',
      { values: { posts: total(other) } },
      /other has no column category/,
    ],
    [
      'a total by an unknown column',
      { values: { n: { kind: 'total', where: { column: 'x', in: ['y'] } } } },
      /n filters by x, which good has not: take one of category/,
    ],
    [
      'a filtered total of distinct keys',
      { values: { n: { kind: 'total', metric: people, where: { column: 'category', in: ['art'] } } } },
      /n filters what is no plain count or sum/,
    ],
    ['nothing to show', { values: {} }, /it shows no value/],
    ['keys of a count', { values: { n: keys } }, /n counts keys/],
    ['a median of a count', { values: { n: median } }, /n is a median, which only a histogram has/],
    ['the greatest text', { values: { n: greatest('category') } }, /is no column of numbers/],
    [
      'a ratio of what comes later',
      { values: { n: ratio('posts', 'posts'), posts: total() } },
      /divides posts, which is no column before it/,
    ],
    ['a rank by what is not shown', { top: { of: 'x', within: [] } }, /it ranks by x, which it does not show/],
    ['an order by what is not shown', { order: [{ column: 'x' }] }, /it ranks by x/],
    ['a filter with a brace', { where: [{ column: 'category', in: ['{}'] }] }, /\{\} has a brace/],
    ['a filter without a value', { where: [{ column: 'category', in: [] }] }, /the filter on category lets no value/],
    [
      'a range that ends before it begins',
      { where: [{ column: 'category', from: 'b', to: 'a' }] },
      /the filter on category lets no value/,
    ],
    [
      'a filter that no band meets',
      { metric: aged, by: ['age_group'], where: [{ column: 'age_group', in: ['9'] }] },
      /age_group is never 9/,
    ],
    ['a limit of nothing', { limit: 0 }, /the limit 0 is no whole number/],
  ])('for %s', (_, change, message) => {
    const found = problemsOf([good, other, people, aged], [{ ...asked, ...change }]);
    expect(found).toMatch(message);
  });
});
