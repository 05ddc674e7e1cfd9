import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contribution, delta, expiresAt } from '../../model/compile/contribution.ts';
import { blockOf, compareValues, joinKey, keyText, numberKey, splitKey } from '../../model/compile/keys.ts';
import { category, country, person, poster } from '../../model/metrics/dimensions.ts';
import { metrics } from '../../model/metrics/index.ts';
import { bands, count, distinct, histogram, type Metric, oneOf, sum } from '../../model/metrics/metric.ts';
import type { Post } from '../../model/post.ts';
import { MemoryCounters } from './counters.ts';
import { postOf } from './posts.ts';

const k = `${Date.parse('2026-11-21T10:07:31.250Z')}#kinesis`;
const post: Post = {
  ind: 7,
  pin: { k, rules: 1, fields: { category: 'art', poster_name: 'Ann|#', follower_count: 437 } },
  geo: { k, rules: 1, fields: { country: 'Peru', timestamp: '2020-08-28T03:52:47.000Z' } },
  user: { k, rules: 1, fields: { user_name: 'Al Li', age: 50, date_joined: '2015-10-24T11:23:51.000Z' } },
};
const with_ = (part: 'pin' | 'geo' | 'user', fields: object): Post =>
  ({ ...post, [part]: { ...post[part], fields: { ...post[part]!.fields, ...fields } } }) as Post;
const metric = (change: Partial<Metric>): Metric => ({
  name: 'm',
  describe: 'M.',
  measure: count,
  by: [category],
  ...change,
});
const counted = (of: Metric, from: Post | undefined) =>
  contribution(of, from).map(({ counter, amount }) => [counter.group, counter.member, amount]);

const age = bands('user.age', 'age', [{ label: 'young', below: 50 }, { label: 'old' }]);
const followersOf = (follower_count: unknown) => with_('pin', { follower_count });

describe('a post contributes', () => {
  test.each<[string, Partial<Metric>, Post | undefined, readonly unknown[]]>([
    ['one to its value', {}, post, [['', 'art', 1n]]],
    ['to unknown where it is null', {}, with_('pin', { category: null }), [['', 'unknown', 1n]]],
    ['to unknown where it is odd', {}, with_('pin', { category: { a: 1 } }), [['', 'unknown', 1n]]],
    ['to one counter without dimensions', { by: [], where: [oneOf(category, 'art')] }, post, [['', '*', 1n]]],
    ['nothing where a condition does not hold', { where: [oneOf(category, 'travel')] }, post, []],
    ['nothing before it has the parts', { by: [category, age] }, { ind: 7, pin: post.pin! }, []],
    ['nothing with a reserved index', {}, { ...post, ind: -1 }, []],
    ['nothing with an index that cannot even be compared', {}, { ...post, ind: [{ toString: 0 }] as never }, []],
    ['nothing when it is not there', {}, undefined, []],
    ['to bands, whose limits are not in them', { by: [age] }, post, [['', 'old', 1n]]],
    ['its number to a sum', { measure: sum('pin.follower_count') }, post, [['', 'art', 437n]]],
    ['nothing to a sum without a number', { measure: sum('pin.follower_count') }, followersOf(null), []],
    ['nothing to a sum with an odd number', { measure: sum('pin.follower_count') }, followersOf(1.5), []],
    [
      'a block and a value to a histogram, and its group to the list',
      { measure: histogram('pin.follower_count') },
      post,
      [
        ['', 'art', 1n],
        ['art', 'b:000000000000043', 1n],
        ['art', 'v:0000000000000437', 1n],
      ],
    ],
    ['nothing to a histogram with a number below 0', { measure: histogram('pin.follower_count') }, followersOf(-1), []],
    ['its keys, escaped', { measure: distinct(poster), by: [] }, post, [['', 'Ann%7C%23', 1n]]],
    [
      'its keys to the group of its dimensions',
      { measure: distinct(...person) },
      post,
      [
        ['', 'art', 1n],
        ['art', 'Al Li|0000000000000050|2015-10-24T11:23:51.000Z', 1n],
      ],
    ],
    [
      'to the minute of its arrival',
      { window: { minutes: 5, arrival: 'pin' } },
      post,
      [['2026-11-21T10:07', 'art', 1n]],
    ],
    [
      'nothing to a minute with an odd order key',
      { window: { minutes: 5, arrival: 'pin' } },
      { ...post, pin: { ...post.pin!, k: 'x' } },
      [],
    ],
  ])('%s', (_, change, given, expected) => {
    expect(counted(metric(change), given)).toEqual(expected);
  });
});

test('whatever the fields hold, nothing throws, and what changes is the difference', () => {
  const odd = fc.record({ ind: fc.anything(), pin: fc.anything(), geo: fc.anything(), user: fc.anything() });
  const oddFields = fc.record({ ind: fc.nat(), pin: fc.record({ k: fc.anything(), fields: fc.anything() }) });
  const any = fc.oneof(odd, oddFields, postOf(fc.nat()), fc.constant(undefined)) as fc.Arbitrary<Post | undefined>;
  fc.assert(
    fc.property(any, any, (before, after) => {
      for (const each of metrics) {
        const counters = new MemoryCounters();
        counters.add(each, contribution(each, before));
        counters.add(each, delta(each, before, after));
        const expected = new MemoryCounters();
        expected.add(each, contribution(each, after));
        expect(counters.all(each)).toEqual(expected.all(each));
        expect(delta(each, after, after)).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test('the deltas of all changes of a post add up to the contribution of its last state', () => {
  fc.assert(
    fc.property(fc.array(postOf(fc.constant(1)), { minLength: 1, maxLength: 8 }), (states) => {
      for (const each of metrics) {
        const counters = new MemoryCounters();
        states.forEach((state, at) => {
          counters.add(each, delta(each, states[at - 1], state));
        });
        const expected = new MemoryCounters();
        expected.add(each, contribution(each, states.at(-1)));
        expect(counters.all(each)).toEqual(expected.all(each));
      }
    }),
  );
});

test('counters whose names could be read as one another are told apart', () => {
  const posters = metric({ measure: distinct(poster), by: [country] });
  const one = { ...with_('geo', { country: 'x' }), pin: with_('pin', { poster_name: 'y\nz' }).pin! };
  const other = { ...with_('geo', { country: 'x\ny' }), pin: with_('pin', { poster_name: 'z' }).pin! };
  expect(delta(posters, one, other)).toHaveLength(4);
});

test('keys are what DynamoDB takes', () => {
  fc.assert(
    fc.property(postOf(fc.nat()), (given) => {
      for (const each of metrics) {
        for (const { counter } of contribution(each, given)) {
          expect(Buffer.byteLength(counter.member)).toBeLessThanOrEqual(1_024);
          expect(Buffer.byteLength(counter.group)).toBeLessThanOrEqual(1_024);
          expect(counter.member).not.toBe('');
          expect(`${counter.group}${counter.member}`).not.toContain('#');
        }
      }
    }),
  );
});

test('parts come out of keys as they went in', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 })), (parts) => {
      expect(splitKey(joinKey(parts))).toEqual(parts);
    }),
  );
  expect(splitKey(joinKey(['*']))).toEqual(['*']);
});

test('keys of numbers and their blocks sort as the numbers do', () => {
  const natural = fc.oneof(fc.maxSafeNat(), fc.nat(3_000));
  fc.assert(
    fc.property(natural, natural, (one, other) => {
      const [a, b] = [numberKey(one), numberKey(other)];
      expect(Math.sign(compareValues(a, b))).toBe(Math.sign(one - other));
      expect(a.startsWith(blockOf(a))).toBe(true);
      if (one <= other) expect(compareValues(blockOf(a), blockOf(b))).toBeLessThanOrEqual(0);
    }),
  );
  expect([0, 7, 10, 99, 100, 12_345].map((value) => blockOf(numberKey(value)))).toEqual([
    '0000000000000000',
    '0000000000000007',
    '0000000000000010',
    '0000000000000099',
    '000000000000010',
    '0000000000012',
  ]);
});

test('a long text keeps its beginning and a hash of all of it', () => {
  expect(keyText('x'.repeat(160))).toBe('x'.repeat(160));
  expect(keyText('x'.repeat(161))).toMatch(/^x{32}~[0-9a-f]{16}$/);
  expect(keyText(`${'x'.repeat(161)}1`)).not.toBe(keyText(`${'x'.repeat(161)}2`));
});

test('counters of a minute go a day after it', () => {
  const windowed = metric({ window: { minutes: 5, arrival: 'pin' } });
  const [addend] = contribution(windowed, post);
  expect(expiresAt(windowed, addend!.counter)).toBe(Date.parse('2026-11-22T10:07:00Z') / 1000);
  expect(expiresAt(metric({}), addend!.counter)).toBeUndefined();
});
