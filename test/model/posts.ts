import fc from 'fast-check';
import type { Post } from '../../model/post.ts';
import type { CleanFields } from '../../model/rules/clean-row.ts';
import type { FeedName } from '../../model/rules/rule.ts';

/** When the posts of a test arrive, and a little later: epoch ms. */
export const now = Date.parse('2026-11-21T10:07:31.250Z');

/**
 * Few of each, so that there are ties; letters whose order differs between UTF-8 and UTF-16, texts that keys have to
 * escape or to shorten, white space and marks that some program would take off or take for the same, texts that look
 * like other values, and one that means the same as null.
 */
const texts = fc.constantFrom(
  ...['art', 'Art', 'travel', "d'Ivoire", 'a|b', 'a', '%7C', '#1', '*', 'unknown', '{}\\', '\uFF01', '\u{1F600}', 'ä'],
  ...['a ', ' a', 'a\u00a0', ' ', 'a\u0308', 'a\n', '\u0000', '\ufeffa', 'null', '1e3', '-0', '%', "''", '"a"'],
  'x'.repeat(160),
  'x'.repeat(161),
  `${'語'.repeat(53)}1`,
  `${'語'.repeat(53)}12`,
  `${'\u{1F600}'.repeat(50)}`,
);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 6 });
const numbers = fc.oneof(
  fc.constantFrom(0, 7, 9, 10, 99, 100, 437, 438, 1_000, 15_000_000, Number.MAX_SAFE_INTEGER),
  fc.integer({ min: 0, max: 2_000 }),
);
const moments = fc
  .oneof(
    fc.constantFrom('2015-01-01T00:00:00.000Z', '2020-12-31T23:59:59.999Z', '2021-01-01T00:00:00.000Z'),
    fc.constantFrom('0001-01-01T00:00:00.000Z', '0999-02-28T01:02:03.004Z', '9999-12-31T23:59:59.999Z'),
    fc.constantFrom('1582-10-10T12:00:00.000Z', '2016-12-31T23:59:59.999Z', '2020-02-29T02:30:00.000Z'),
    fc
      .integer({ min: Date.parse('2014-06-01'), max: Date.parse('2023-06-01') })
      .map((ms) => new Date(ms).toISOString()),
  )
  .filter((text) => text.length === 24);

const fields: Readonly<Record<FeedName, fc.Arbitrary<CleanFields>>> = {
  pin: fc.record({ category: orNull(texts), poster_name: orNull(texts), follower_count: orNull(numbers) }),
  geo: fc.record({ country: orNull(texts), timestamp: orNull(moments) }),
  user: fc.record({
    user_name: orNull(fc.constantFrom('Ann Li', 'Ann Li ', 'Bo|Li', 'x'.repeat(500))),
    age: orNull(fc.constantFrom(0, 17, 18, 24, 25, 35, 36, 50, 51, 150)),
    date_joined: orNull(moments),
  }),
};

const part = (feed: FeedName) =>
  fc.record({ fields: fields[feed], ago: fc.integer({ min: 0, max: 8 * 60_000 }) }).map(({ fields, ago }) => ({
    k: `${now - ago}#kinesis#streaming-demo-${feed}#shardId-000000000000#${'1'.padStart(56, '0')}#000000`,
    rules: 1,
    fields,
  }));

export const postOf = (ind: fc.Arbitrary<number>): fc.Arbitrary<Post> =>
  fc.record({ ind, pin: part('pin'), geo: part('geo'), user: part('user') }, { requiredKeys: ['ind'] });

/** The newest states of some posts, a few of them with an index that is reserved. */
export const posts = (maxLength: number): fc.Arbitrary<readonly Post[]> =>
  fc.uniqueArray(postOf(fc.integer({ min: -2, max: 10 * maxLength })), {
    selector: ({ ind }) => ind,
    maxLength,
    size: 'max',
  });
