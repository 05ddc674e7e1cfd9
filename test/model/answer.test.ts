import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answer } from '../../model/compile/answer.ts';
import { OverBudgetError } from '../../model/compile/budget.ts';
import { type CounterReader, contribution } from '../../model/compile/contribution.ts';
import { compareValues, keyText, type Value } from '../../model/compile/keys.ts';
import { metricQuestion, questionColumns } from '../../model/compile/rows.ts';
import { category, followers, poster } from '../../model/metrics/dimensions.ts';
import { metrics } from '../../model/metrics/index.ts';
import { count, defaultReadBudget, distinct, histogram, known, type Metric, text } from '../../model/metrics/metric.ts';
import type { Post } from '../../model/post.ts';
import { questions } from '../../model/questions/index.ts';
import { greatest, median, type Question, total } from '../../model/questions/question.ts';
import { expectedAnswers, newestParts } from '../vectors/questions.ts';
import { MemoryCounters } from './counters.ts';
import { now, posts } from './posts.ts';

type Presentation = Parameters<typeof metricQuestion>[1] & { readonly now: number };
const metricRows = (metric: Metric, reader: CounterReader, { now, ...presentation }: Presentation) =>
  answer(metricQuestion(metric, presentation), reader, { now });

function countersOf(of: readonly Metric[], given: readonly Post[]): MemoryCounters {
  const counters = new MemoryCounters();
  for (const metric of of) for (const post of given) counters.add(metric, contribution(metric, post));
  return counters;
}

const named = (name: string): Question => questions.find((question) => question.name === name)!;

type Cells = readonly Value[];

async function cellsOf(question: Question, counters: MemoryCounters): Promise<readonly Cells[]> {
  const rows = await answer(question, counters, { now });
  return rows.map((row) => questionColumns(question).map(({ name }) => row[name] ?? null));
}

describe('the hand-checked posts give', () => {
  const given = [...newestParts()].map(([ind, parts]): Post => {
    const each = Object.entries(parts).map(([feed, fields]) => [feed, { k: `${now}#`, rules: 1, fields }] as const);
    return { ind, ...Object.fromEntries(each) };
  });
  const counters = countersOf(metrics, given);
  test.each(Object.entries(expectedAnswers))('%s', async (name, expected) => {
    const asText = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.map(String).join(' · ')).sort();
    expect(questionColumns(named(name)).map((column) => column.name)).toEqual(expected.columns);
    expect(asText(await cellsOf(named(name), counters))).toEqual(asText(expected.rows));
  });
});

const textOf = (value: unknown): string => (typeof value === 'string' ? keyText(value) : 'unknown');
const yearOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 4) : 'unknown');

/** A post's values, for those that have the parts. */
function valuesOf(given: readonly Post[], ...parts: readonly ('pin' | 'geo' | 'user')[]) {
  return given
    .filter((post) => post.ind >= 0 && parts.every((part) => post[part] !== undefined))
    .map((post) => ({ ...post.pin?.fields, ...post.geo?.fields, ...post.user?.fields, k: post[parts[0]!]!.k }));
}
type Values = ReturnType<typeof valuesOf>[number] & Readonly<Record<string, unknown>>;

function grouped(of: readonly Values[], key: (one: Values) => readonly Value[]): [Cells, Values[]][] {
  const groups = new Map<string, [Cells, Values[]]>();
  for (const each of of) {
    const id = JSON.stringify(key(each).map(String));
    groups.set(id, [key(each), [...(groups.get(id)?.[1] ?? []), each]]);
  }
  return [...groups.values()];
}

const sorted = (rows: readonly Cells[]): readonly Cells[] =>
  rows.toSorted(
    (one, other) => one.map((value, at) => compareValues(value, other[at])).find((sign) => sign !== 0) ?? 0,
  );

/** Row by row from the posts, without keys, groups and blocks. */
const naive: Readonly<Record<string, (given: readonly Post[]) => readonly Cells[]>> = {
  most_popular_category_by_country: (given) => {
    const rows = grouped(valuesOf(given, 'pin', 'geo'), ({ country, category }) => [textOf(country), textOf(category)]);
    return rows
      .map(([key, each]): Cells => [...key, BigInt(each.length)])
      .filter(([of, , n], _, all) => all.every(([other, , m]) => other !== of || (m as bigint) <= (n as bigint)));
  },
  posts_by_year_and_category: (given) => {
    const rows = grouped(valuesOf(given, 'pin', 'geo'), ({ timestamp, category }) => [
      yearOf(timestamp),
      textOf(category),
    ]);
    return rows
      .filter(([[year]]) => String(year) >= '2018' && String(year) <= '2022')
      .map(([[year, of], each]) => [BigInt(String(year)), of!, BigInt(each.length)]);
  },
  most_followed_user_by_country: (given) => {
    const known = valuesOf(given, 'pin', 'geo').filter((values: Values) => values['follower_count'] !== null);
    return grouped(known, ({ country }) => [textOf(country)]).flatMap(([[country], each]) => {
      const most = Math.max(...each.map((values) => Number(values['follower_count'])));
      const best = each.filter((values) => values['follower_count'] === most);
      return [...new Set(best.map((values) => textOf(values['poster_name'])))].map((name) => [
        country!,
        name,
        BigInt(most),
      ]);
    });
  },
  median_followers_by_joining_year: (given) => {
    const known = valuesOf(given, 'pin', 'user').filter((values: Values) => values['follower_count'] !== null);
    return grouped(known, ({ date_joined }) => [yearOf(date_joined)])
      .filter(([[year]]) => String(year) >= '2015' && String(year) <= '2020')
      .map(([[year], each]) => {
        const values = each.map((one) => Number(one['follower_count'])).sort((a, b) => a - b);
        return [BigInt(String(year)), BigInt(values[Math.ceil(values.length / 2) - 1]!)];
      });
  },
  users_joined_by_year: (given) =>
    grouped(valuesOf(given, 'user'), ({ date_joined }) => [yearOf(date_joined)])
      .filter(([[year]]) => String(year) >= '2015' && String(year) <= '2020')
      .map(([[year], each]) => {
        const people = grouped(each, (one) => [
          textOf(one['user_name']),
          String(one['age']),
          String(one['date_joined']),
        ]);
        return [BigInt(String(year)), BigInt(people.length), BigInt(each.length)];
      }),
  active_users: (given) => {
    const first = Math.floor(now / 60_000) - 5;
    const recent = valuesOf(given, 'user').filter(({ k }) => Math.floor(Number(k.slice(0, 13)) / 60_000) >= first);
    const people = grouped(recent, (one) => [textOf(one['user_name']), String(one['age']), String(one['date_joined'])]);
    return [[BigInt(people.length)]];
  },
  posts_and_followers_by_category: (given) =>
    grouped(valuesOf(given, 'pin'), ({ category }) => [textOf(category)]).map(([[of], each]) => [
      of!,
      BigInt(each.length),
      each.reduce((sum, values) => sum + BigInt(Number(values['follower_count'] ?? 0)), 0n),
    ]),
};

test.each(Object.entries(naive))(
  '%s is what it is by hand, whatever the posts hold',
  async (name, recomputed) => {
    await fc.assert(
      fc.asyncProperty(posts(60), async (given) => {
        const found = await cellsOf(named(name), countersOf(metrics, given));
        expect(found).toEqual(sorted(recomputed(given)));
      }),
      { numRuns: 150 },
    );
  },
  300_000,
);

const pin = (ind: number, fields: object): Post => ({ ind, pin: { k: `${now}#`, rules: 1, fields: { ...fields } } });

test('texts are in the order of their bytes', async () => {
  const metric: Metric = { name: 'm', describe: 'M.', measure: count, by: [category] };
  const given = ['\u{1F600}', '\uFF01', 'b', 'B'].map((name, ind) => pin(ind, { category: name }));
  const rows = await metricRows(metric, countersOf([metric], given), { now });
  expect(rows.map((row) => row['category'])).toEqual(['B', 'b', '\uFF01', '\u{1F600}']);
});

test('an answer that would read too much says so', async () => {
  const metric: Metric = { name: 'm', describe: 'M.', measure: count, by: [poster], readBudget: 2 };
  const of = (names: readonly string[]) =>
    countersOf(
      [metric],
      names.map((poster_name, ind) => pin(ind, { poster_name })),
    );
  await expect(metricRows(metric, of(['a', 'b']), { now })).resolves.toHaveLength(2);
  const refused = metricRows(metric, of(['a', 'b', 'c']), { now });
  await expect(refused).rejects.toThrow(OverBudgetError);
  await expect(refused).rejects.toMatchObject({ metric: 'm', readBudget: 2 });
});

test('every metric has a budget, which counters that came to nothing use up as well', async () => {
  const metric: Metric = { name: 'm', describe: 'M.', measure: count, by: [category] };
  const counters = new MemoryCounters();
  for (let at = 0; at < defaultReadBudget; at++) {
    counters.add(metric, [{ counter: { group: '', member: `typo${at}` }, amount: at % 2 === 0 ? 0n : 1n }]);
  }
  expect(await metricRows(metric, counters, { now })).toHaveLength(defaultReadBudget / 2);
  counters.add(metric, [{ counter: { group: '', member: 'one more' }, amount: 0n }]);
  await expect(metricRows(metric, counters, { now })).rejects.toThrow(OverBudgetError);
  const where = [{ column: 'category', in: ['typo1'] }];
  counters.read = 0;
  expect(await metricRows(metric, counters, { now, where })).toEqual([{ category: 'typo1', posts: 1n }]);
  expect(counters.read).toBeLessThan(defaultReadBudget);
});

test('what is asked for of a number is that number', async () => {
  const metric: Metric = { name: 'm', describe: 'M.', measure: count, by: [followers, category] };
  const given = [5, 12, null].map((follower_count, ind) => pin(ind, { follower_count, category: 'art' }));
  const counters = countersOf([metric], given);
  const rowsWhere = async (column: string, value: string) =>
    (await metricRows(metric, counters, { now, where: [{ column, in: [value] }] })).map((row) => row['follower_count']);
  expect(await rowsWhere('follower_count', '12')).toEqual([12n]);
  expect(await rowsWhere('follower_count', 'unknown')).toEqual([null]);
  expect(await rowsWhere('category', 'art')).toEqual([5n, 12n, null]);
});

test('the greatest of a group is read off the top', async () => {
  const metric: Metric = {
    name: 'm',
    describe: 'M.',
    measure: distinct(followers, poster),
    by: [category],
    where: [known('pin.follower_count')],
    readBudget: 6,
  };
  const given = Array.from({ length: 100 }, (_, ind) =>
    pin(ind, { category: 'art', poster_name: `p${ind}`, follower_count: Math.min(ind, 97) }),
  );
  const question: Question = {
    name: 'q',
    title: 'Q',
    metric,
    by: ['poster_name'],
    values: { most: greatest('follower_count') },
    top: { of: 'most', within: [] },
  };
  const rows = await cellsOf(question, countersOf([metric], given));
  expect(rows).toEqual(['p97', 'p98', 'p99'].map((name) => [name, 97n]));
});

test('a median reads blocks, and the values of one of them', async () => {
  const metric: Metric = {
    name: 'm',
    describe: 'M.',
    measure: histogram('pin.follower_count'),
    by: [],
    readBudget: 100_000,
  };
  const given = Array.from({ length: 10_001 }, (_, ind) => pin(ind, { follower_count: ind * 7 }));
  const counters = countersOf([metric], given);
  const question: Question = {
    ...{ name: 'q', title: 'Q', metric, by: [] },
    values: { median, posts: total(), most: greatest('follower_count') },
  };
  expect(await cellsOf(question, counters)).toEqual([[35_000n, 10_001n, 70_000n]]);
  expect(counters.read).toBeLessThan(600);
});

test('a metric presents itself by some of its dimensions, filtered', async () => {
  const metric: Metric = {
    name: 'm',
    describe: 'M.',
    measure: distinct(text('pin.title')),
    by: [category],
    readBudget: 100,
  };
  const titles = [
    ['art', 'x'],
    ['art', 'x'],
    ['art', 'y'],
    ['travel', 'x'],
  ] as const;
  const counters = countersOf(
    [metric],
    titles.map(([category, title], ind) => pin(ind, { category, title })),
  );
  const rowsOf = async (presentation: object) =>
    (await metricRows(metric, counters, { now, ...presentation })).map((row) => Object.values(row));
  expect(await rowsOf({})).toEqual([
    ['art', 2n, 3n],
    ['travel', 1n, 1n],
  ]);
  expect(await rowsOf({ by: [] })).toEqual([[2n, 4n]]);
  expect(await rowsOf({ where: [{ column: 'category', in: ['travel'] }] })).toEqual([['travel', 1n, 1n]]);
});

test('an answer without dimensions is one row, also of nothing', async () => {
  const counters = new MemoryCounters();
  expect(await cellsOf(named('recent_errors'), counters)).toEqual([[0n, 0n, null]]);
  expect(await cellsOf(named('active_users'), counters)).toEqual([[0n]]);
});
