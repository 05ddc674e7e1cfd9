import type { FeedName } from '../../model/rules/rule.ts';
import { feedNames, type RawPost, type RawRow } from './posts.ts';
import { randomFor } from './random.ts';

/** What a sender may do to a row, and what becomes of it. */
interface Spoiling {
  /** The rule that quarantines the row, or `clean` where it is odd but good. */
  readonly outcome: string;
  /** The value of `Data`. */
  spoil(row: RawRow): unknown;
}

export interface SentRow {
  readonly data: unknown;
  /** The way in which the row was spoiled: a key of `spoilings`. */
  readonly dirt?: string;
}

const set =
  (values: RawRow) =>
  (row: RawRow): RawRow => ({ ...row, ...values });

const without =
  (column: string) =>
  (row: RawRow): RawRow =>
    Object.fromEntries(Object.entries(row).filter(([name]) => name !== column));

const asTexts = (row: RawRow): RawRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? String(value) : value]),
  );

const common = {
  'array-of-one': { outcome: 'clean', spoil: (row) => [row] },
  'json-text': { outcome: 'clean', spoil: (row) => JSON.stringify(row) },
  base64: { outcome: 'clean', spoil: (row) => Buffer.from(JSON.stringify(row)).toString('base64') },
  'numbers-as-texts': { outcome: 'clean', spoil: asTexts },
  'columns-reversed': { outcome: 'clean', spoil: (row) => Object.fromEntries(Object.entries(row).reverse()) },
  'extra-column': { outcome: 'clean', spoil: set({ note: 'sent by hand' }) },
  'empty-array': { outcome: 'empty', spoil: () => [] },
  'no-row': { outcome: 'unwrap', spoil: () => 'this is no row!' },
  'foreign-row': { outcome: 'shape', spoil: () => ({ name: 'Maya', age: 25, company: 'Example Ltd' }) },
} as const satisfies Record<string, Spoiling>;

/** Every way to spoil a row of a feed. */
export const spoilings: Readonly<Record<FeedName, Readonly<Record<string, Spoiling>>>> = {
  pin: {
    ...common,
    'count-with-decimals': { outcome: 'clean', spoil: set({ follower_count: '1.2M' }) },
    'count-in-billions': { outcome: 'clean', spoil: set({ follower_count: '1B' }) },
    'user-info-error': {
      outcome: 'clean',
      spoil: set({ follower_count: 'User Info Error', poster_name: 'User Info Error' }),
    },
    'no-poster': { outcome: 'clean', spoil: without('poster_name') },
    'no-index': { outcome: 'shape', spoil: without('index') },
    'index-in-words': { outcome: 'integer', spoil: set({ index: 'eleven' }) },
    'count-in-words': { outcome: 'count', spoil: set({ follower_count: 'many' }) },
    'count-uneven': { outcome: 'count', spoil: set({ follower_count: '1.0005k' }) },
    'count-below-zero': { outcome: 'range', spoil: set({ follower_count: '-1' }) },
  },
  geo: {
    ...common,
    fraction: { outcome: 'clean', spoil: set({ timestamp: '2020-08-28 03:52:47.123456' }) },
    'no-country': { outcome: 'clean', spoil: set({ country: null }) },
    'no-ind': { outcome: 'shape', spoil: without('ind') },
    'no-such-day': { outcome: 'timestamp', spoil: set({ timestamp: '2021-02-29 10:00:00' }) },
    'latitude-off-the-globe': { outcome: 'range', spoil: set({ latitude: 90.5 }) },
    'longitude-in-words': { outcome: 'number', spoil: set({ longitude: 'west' }) },
    'half-a-coordinate': { outcome: 'required', spoil: set({ latitude: null }) },
  },
  user: {
    ...common,
    'no-last-name': { outcome: 'clean', spoil: set({ last_name: '' }) },
    'no-ind': { outcome: 'shape', spoil: without('ind') },
    'age-in-words': { outcome: 'integer', spoil: set({ age: 'young' }) },
    'age-beyond-life': { outcome: 'range', spoil: set({ age: 151 }) },
    'joined-in-words': { outcome: 'timestamp', spoil: set({ date_joined: 'last summer' }) },
  },
};

/** The rows of a post as they are sent: the share `dirty` of all rows is spoiled, each in a way that the seed picks. */
export function spoiled(
  seed: number,
  index: number,
  post: RawPost,
  dirty: number,
): Readonly<Record<FeedName, SentRow>> {
  const random = randomFor(seed, 'dirt', index);
  const rows = feedNames.map((feed): [FeedName, SentRow] => {
    const isDirty = random.number.float() < dirty;
    const dirt = random.helpers.objectKey(spoilings[feed]);
    return [feed, isDirty ? { data: spoilings[feed][dirt]!.spoil(post[feed]), dirt } : { data: post[feed] }];
  });
  return Object.fromEntries(rows) as Record<FeedName, SentRow>;
}
