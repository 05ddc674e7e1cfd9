import { expect, test } from '@jest/globals';
import { feeds } from '../../model/feeds/index.ts';
import { cleanRow } from '../../model/rules/clean-row.ts';
import { arrivals, newestParts, refused } from '../vectors/questions.ts';

test('the rows behind the answers are refused where they say so, and nowhere else', () => {
  const found = arrivals.flatMap(({ feed, row }) => {
    const result = cleanRow(feeds[feed], row);
    return result.ok ? [] : [{ feed, ind: row[feeds[feed].key], rule: result.rule }];
  });
  const sorted = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort();
  expect(sorted(found)).toEqual(sorted(refused));
});

test('a corrected row counts in its newest form', () => {
  const posts = newestParts();
  expect(posts.get(1)!.pin).toMatchObject({ category: 'art', follower_count: 1000 });
  expect(posts.get(3)!.geo).toMatchObject({ country: 'Albania' });
  expect(posts.get(4)!.user).toMatchObject({ age: 24 });
  expect(posts.get(5)!.pin).toMatchObject({ category: null, follower_count: 2000 });
  expect(Object.keys(posts.get(21)!).sort()).toEqual(['pin', 'user']);
});
