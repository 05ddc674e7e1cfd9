import { describe, expect, test } from '@jest/globals';
import { spoiled, spoilings } from '../../cli/emulator/dirt.ts';
import { categories, feedNames, postsInSource, type RawPost, syntheticPost } from '../../cli/emulator/posts.ts';
import { indexAt } from '../../cli/emulator/schedule.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { feeds } from '../../model/feeds/index.ts';
import { rowsOf } from '../../model/rows.ts';

const seed = 100;
const posts = Array.from({ length: 1_059 }, (_, at) => syntheticPost(seed, at * 10));
const share = (of: (post: RawPost) => boolean, among = posts) => among.filter(of).length / among.length;
const pin = (column: string) => (post: RawPost) => String(post.pin[column]);

/** What the clean step makes of a value of `Data`. */
function outcome(feed: (typeof feedNames)[number], data: unknown): string {
  const record = {
    source: 'kinesis' as const,
    topic: `streaming-demo-${feed}`,
    partition: 'shardId-000000000000',
    offset: '1',
    arrivalMs: 0,
    bytes: Buffer.from(JSON.stringify(data)),
  };
  const [row, ...others] = rowsOf(record, feeds[feed]);
  expect(others).toEqual([]);
  return row!.result.ok ? 'clean' : row!.result.rule;
}

describe('synthetic posts', () => {
  test('are the same for the same seed and index, whatever was made before', () => {
    const before = syntheticPost(seed, 7528);
    syntheticPost(seed, 1);
    syntheticPost(7, 7528);
    expect(syntheticPost(seed, 7528)).toEqual(before);
    expect(syntheticPost(101, 7528)).not.toEqual(before);
  });

  test('join on their number and clean without a refusal', () => {
    for (const post of posts) {
      expect(post.geo['ind']).toBe(post.pin['index']);
      expect(post.user['ind']).toBe(post.pin['index']);
      for (const feed of feedNames) expect(outcome(feed, post[feed])).toBe('clean');
    }
  });

  test('have the columns of the source', () => {
    expect(Object.keys(posts[0]!.pin)).toEqual([
      ...['index', 'unique_id', 'title', 'description', 'poster_name', 'follower_count', 'tag_list'],
      ...['is_image_or_video', 'image_src', 'downloaded', 'save_location', 'category'],
    ]);
    expect(Object.keys(posts[0]!.geo)).toEqual(['ind', 'timestamp', 'latitude', 'longitude', 'country']);
    expect(Object.keys(posts[0]!.user)).toEqual(['ind', 'first_name', 'last_name', 'age', 'date_joined']);
  });

  test('run through the categories in alphabetical order', () => {
    const found = Array.from({ length: postsInSource }, (_, index) => index).map(
      (index) => categories[Math.floor((index * 13) / postsInSource)],
    );
    expect([...new Set(found)]).toEqual([...categories]);
    expect([...categories].sort()).toEqual([...categories]);
    expect(pin('category')(syntheticPost(seed, 0))).toBe('art');
    expect(pin('category')(syntheticPost(seed, 11_153))).toBe('vehicles');
    expect(pin('save_location')(syntheticPost(seed, 11_153))).toBe('Local save in /data/vehicles');
  });

  test.each([
    ['images', 0.89, (post: RawPost) => post.pin['is_image_or_video'] === 'image'],
    ['stories', 0.08, (post: RawPost) => post.pin['is_image_or_video'] === 'multi-video(story page format)'],
    ['downloaded', 0.97, (post: RawPost) => post.pin['downloaded'] === 1],
    ['followers in thousands', 0.73, (post: RawPost) => pin('follower_count')(post).endsWith('k')],
    ['followers in digits', 0.18, (post: RawPost) => /^[1-9]\d*$/.test(pin('follower_count')(post))],
    ['followers in millions', 0.08, (post: RawPost) => pin('follower_count')(post).endsWith('M')],
    ['no followers known', 0.01, (post: RawPost) => pin('follower_count')(post) === 'User Info Error'],
    ['18 to 24', 0.44, (post: RawPost) => Number(post.user['age']) <= 24],
  ])('%s are some %d of them', (_, expected, of) => {
    const tolerance = 0.01 + 3 * Math.sqrt((expected * (1 - expected)) / 700);
    expect(Math.abs(share(of) - expected)).toBeLessThan(tolerance);
  });

  test('belong to some 830 people, some of whom own many', () => {
    const owners = new Map<string, number>();
    for (let index = 0; index < 1_059; index++) {
      const { first_name, last_name, age } = syntheticPost(seed, index).user;
      const owner = `${first_name} ${last_name} ${age}`;
      owners.set(owner, (owners.get(owner) ?? 0) + 1);
    }
    expect(owners.size).toBeGreaterThan(780);
    expect(owners.size).toBeLessThan(880);
    expect(Math.max(...owners.values())).toBeGreaterThanOrEqual(4);
  });

  test('are never older than their owner’s account', () => {
    const time = (value: unknown) => Date.parse(`${String(value).slice(0, 10).replaceAll(':', '-')}T00:00:00Z`);
    for (const { geo, user } of posts) expect(time(geo['timestamp'])).toBeGreaterThan(time(user['date_joined']));
  });

  test('write their moments in the three forms', () => {
    const forms = new Set(posts.map(({ geo }) => String(geo['timestamp']).replace(/\d/g, '0')));
    expect([...forms].sort()).toEqual(['0000-00-00 00:00:00', '0000-00-00T00:00:00', '0000:00:00 00:00:00']);
  });

  test('hold the texts that break careless code', () => {
    const texts = posts.flatMap(({ pin }) => [String(pin['title']), String(pin['description'])]);
    for (const hazard of ['\u00A0', '"', '|', '\\', '\u{1F384}', '京都', 'Идеи', 'Ιδέες']) {
      expect(texts.some((text) => text.includes(hazard))).toBe(true);
    }
    const countries = posts.map(({ geo }) => String(geo['country']));
    expect(countries.some((name) => name.includes("'"))).toBe(true);
    expect(countries.some((name) => name.includes('('))).toBe(true);
    expect(countries.filter((name) => name.startsWith('A')).length).toBeGreaterThan(countries.length * 0.12);
  });
});

describe('dirty rows', () => {
  const cases = feedNames.flatMap((feed) =>
    Object.entries(spoilings[feed]).map(([dirt, spoiling]) => ({ feed, dirt, ...spoiling })),
  );

  test.each(cases)('$feed $dirt ends as $outcome', ({ feed, outcome: expected, spoil }) => {
    for (const post of posts.slice(0, 20)) expect(outcome(feed, spoil(post[feed]))).toBe(expected);
  });

  test('are the share that was asked for, and the same each time', () => {
    const rows = posts.flatMap((post, index) => Object.values(spoiled(seed, index, post, 0.1)));
    const dirty = rows.filter(({ dirt }) => dirt !== undefined);
    expect(dirty.length / rows.length).toBeGreaterThan(0.08);
    expect(dirty.length / rows.length).toBeLessThan(0.12);
    expect(spoiled(seed, 5, posts[5]!, 0.5)).toEqual(spoiled(seed, 5, posts[5]!, 0.5));
    expect(Object.values(spoiled(seed, 5, posts[5]!, 0)).every(({ dirt }) => dirt === undefined)).toBe(true);
  });
});

describe('the order of a run', () => {
  test('visits every post of the source once, then goes on', () => {
    const indices = Array.from({ length: postsInSource + 3 }, (_, turn) => indexAt(seed, turn, 0));
    expect(new Set(indices).size).toBe(postsInSource + 3);
    expect(Math.max(...indices.slice(0, postsInSource))).toBe(postsInSource - 1);
  });

  test('repeats earlier posts as often as asked', () => {
    const run = [...syntheticPosts({ seed, count: 600, dirty: 0, duplicates: 0.2 })].map(({ index }) => index);
    const distinct = new Set(run).size;
    expect(distinct).toBeGreaterThan(600 * 0.74);
    expect(distinct).toBeLessThan(600 * 0.86);
    expect(run).toEqual([...syntheticPosts({ seed, count: 600, dirty: 0, duplicates: 0.2 })].map(({ index }) => index));
  });
});
