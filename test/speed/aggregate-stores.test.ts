import { setTimeout as sleep } from 'node:timers/promises';
import { PutItemCommand, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { dynamoDbHere, type Here } from '../../bench/dynamodb-here.ts';
import { liveCounters, NotLiveError } from '../../lambda/shared/live-counters.ts';
import { createRegistry, markInexact, readRegistry } from '../../lambda/shared/registry.ts';
import { type AggregateStores, aggregateBatch } from '../../lambda/speed/aggregate/aggregate-batch.ts';
import { ChangeRecordError, changeOf, postOf } from '../../lambda/speed/aggregate/change.ts';
import { countable } from '../../lambda/speed/aggregate/countable.ts';
import { dynamoCounters } from '../../lambda/speed/aggregate/counters.ts';
import { dynamoProgress, dynamoRegistry, dynamoTouches } from '../../lambda/speed/aggregate/stores.ts';
import { foldedAttribute, metricId, padded, partitionKey, spreadOf } from '../../model/counters/keys.ts';
import { completeRegistry } from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Post } from '../../model/post.ts';

const countables = metrics.map(countable);
const metric = metrics.find(({ name }) => name === 'posts-by-category')!;
const windowed = metrics.find(({ window }) => window !== undefined)!;
const tables = { counters: 'counters', posts: 'posts' };
const { signal } = new AbortController();
const startMs = Date.UTC(2026, 0, 1);
/** Of the registry that the first batch makes. */
const begun = startMs / 1000;
let now: number;
let here: Here;
let kept: DynamoDBRecord[];
let stores: AggregateStores;

beforeEach(async () => {
  now = startMs;
  kept = [];
  here = await dynamoDbHere();
  stores = {
    counters: dynamoCounters(here.client, 'counters', () => now),
    registry: dynamoRegistry(here.client, tables, countables, () => now),
    posts: dynamoTouches(here.client, 'posts'),
    progress: dynamoProgress(here.client, 'counters', () => now),
    unreadable: { keep: async (_, record) => void kept.push(record) },
  };
});

afterEach(() => here.close());

const post = (ind: number, category: string, gen?: number): Post => ({
  ind,
  pin: { k: `${startMs}#kinesis`, rules: 1, fields: { category, follower_count: 5, poster_name: 'Ann' } },
  ...(gen !== undefined && { gen }),
});

let sequence = 0;
const change = (before: Post | undefined, after: Post | undefined): DynamoDBRecord => ({
  eventName: 'MODIFY',
  dynamodb: {
    SequenceNumber: String(++sequence).padStart(21, '0'),
    ApproximateCreationDateTime: startMs / 1000,
    ...(before && { OldImage: marshall(before) as never }),
    ...(after && { NewImage: marshall(after) as never }),
  },
});

const aggregate = (records: readonly DynamoDBRecord[], shard = 'shard-0', of = countables) =>
  aggregateBatch(shard, records, of, stores, {
    deadline: Date.now() + 60_000,
    now: Date.now,
    sleep: async (ms) => sleep(ms),
    random: Math.random,
  });

async function counted(of = metric, range = {}): Promise<readonly (readonly [string, bigint])[]> {
  const reader = liveCounters(here.client, 'counters', await readRegistry(here.client, 'counters'), () => now);
  const found: (readonly [string, bigint])[] = [];
  for await (const { member, value } of reader.counters(of, { group: '', ...range })) found.push([member, value]);
  return found;
}

const items = async (table: string) => {
  const { Items = [] } = await here.client.send(new ScanCommand({ TableName: table }));
  return Items.map((item) => unmarshall(item));
};

describe('counting', () => {
  test('a batch that comes again, cut otherwise, adds only what is new', async () => {
    const records = ['art', 'art', 'travel', 'art'].map((category, ind) =>
      change(undefined, post(ind, category, begun)),
    );
    await aggregate(records.slice(0, 3));
    await aggregate(records.slice(0, 3));
    expect(await aggregate(records)).toMatchObject({ records: 4, unreadable: 0, touched: 0 });
    expect(await counted()).toEqual([
      ['art', 3n],
      ['travel', 1n],
    ]);
    await aggregate([
      change(post(0, 'art', begun), post(0, 'travel', begun)),
      change(post(1, 'art', begun), undefined),
    ]);
    expect(await counted()).toEqual([
      ['art', 1n],
      ['travel', 2n],
    ]);
  });

  test('what was given up makes the counters from before it inexact', async () => {
    await markInexact(here.client, 'counters', begun);
    expect(await items('counters')).toEqual([]);
    await stores.registry.current(signal);
    await markInexact(here.client, 'counters', begun + 5);
    await markInexact(here.client, 'counters', begun + 1);
    expect(await readRegistry(here.client, 'counters')).toMatchObject({ newest: begun, inexactUpTo: begun + 5 });
  });

  test('a sum of zero is remembered, so half of it is not added later', async () => {
    const records = [change(undefined, post(1, 'art', begun)), change(post(1, 'art', begun), undefined)];
    await aggregate(records);
    await aggregate(records.slice(0, 1));
    expect(await counted()).toEqual([['art', 0n]]);
  });

  test('a change that cannot be read is kept, and what it could have said is known to be missing', async () => {
    const odd = change(undefined, post(1, 'art', begun));
    odd.dynamodb!.NewImage = { ind: { S: 'one' } };
    expect(await aggregate([change(undefined, post(2, 'art', begun)), odd])).toMatchObject({ unreadable: 1 });
    expect(kept).toEqual([odd]);
    expect(await readRegistry(here.client, 'counters')).toMatchObject({ newest: begun, inexactUpTo: begun });
    expect(await counted()).toEqual([['art', 1n]]);
  });

  test('the shards of two days ago are forgotten', async () => {
    await aggregate([change(undefined, post(1, 'art', begun))], 'shard-old');
    const sameSpread = Array.from({ length: 40 }, (_, at) => `shard-${at}`).find(
      (shard) => spreadOf(shard) === spreadOf('shard-old'),
    )!;
    const counter = async () =>
      (await items('counters')).find(({ pk, sk }) => pk.startsWith(`${metricId(metric)}#`) && sk === 'art')!;
    now += 47 * 3_600_000;
    await aggregate([change(undefined, post(2, 'art', begun))], sameSpread);
    expect(await counter()).toHaveProperty(foldedAttribute('shard-old'));
    now += 2 * 3_600_000;
    await aggregate([change(undefined, post(3, 'art', begun))], sameSpread);
    expect(await counter()).not.toHaveProperty(foldedAttribute('shard-old'));
    expect(await counter()).toMatchObject({ v: 3, [foldedAttribute(sameSpread)]: expect.any(String) });
    expect(await counted()).toEqual([['art', 3n]]);
  });

  describe('the progress of a shard', () => {
    const progress = async () => (await items('counters')).filter(({ pk }) => pk === 'progress');
    const monthSeconds = 30 * 86_400;

    test('does not go back, and goes a month after its last change', async () => {
      await stores.progress.reached('shard-0', padded('5'), 1, signal);
      now += 60_000;
      await stores.progress.reached('shard-0', padded('9'), 2, signal);
      await stores.progress.reached('shard-0', padded('7'), 3, signal);
      expect(await progress()).toEqual([
        { pk: 'progress', sk: 'shard-0', last: padded('9'), createdAtMs: 2, ttl: begun + 60 + monthSeconds },
      ]);
    });

    test('tells the time of a change that cannot be read, and keeps it where a batch has none', async () => {
      const odd = (createdAt?: number): DynamoDBRecord => ({
        dynamodb: {
          SequenceNumber: String(++sequence).padStart(21, '0'),
          NewImage: { ind: { S: 'one' } },
          ...(createdAt !== undefined && { ApproximateCreationDateTime: createdAt }),
        },
      });
      await aggregate([odd(begun)]);
      expect(await progress()).toMatchObject([{ createdAtMs: startMs }]);
      await aggregate([odd()]);
      expect(await progress()).toMatchObject([{ last: padded(String(sequence)), createdAtMs: startMs }]);
      await aggregate([odd()], 'shard-1');
      expect((await progress())[1]).toEqual({
        pk: 'progress',
        sk: 'shard-1',
        last: padded(String(sequence)),
        ttl: expect.any(Number),
      });
    });

    test('tells no time of posts that are counted with their touch', async () => {
      await stores.registry.current(signal);
      await aggregate([change(undefined, post(1, 'art', 0))]);
      expect((await progress())[0]).not.toHaveProperty('createdAtMs');
      await aggregate([change(post(1, 'art', 0), post(1, 'art', begun))]);
      expect(await progress()).toMatchObject([{ createdAtMs: startMs }]);
      expect(await counted()).toEqual([['art', 1n]]);
    });
  });
});

describe('generations', () => {
  const generations = async () => (await readRegistry(here.client, 'counters'))!.metrics;
  const store = (of: Post) =>
    here.client.send(new PutItemCommand({ TableName: 'posts', Item: marshall(of, { removeUndefinedValues: true }) }));

  test('the first batch makes the registry: complete where every post has a change that is still to come', async () => {
    await store(post(1, 'art', 0));
    await aggregate([change(undefined, post(1, 'art', 0))]);
    expect((await generations())[metricId(metric)]).toEqual({ active: begun });
    expect(await items('posts')).toEqual([post(1, 'art', begun)]);
    await aggregate([change(post(1, 'art', 0), post(1, 'art', begun))]);
    expect(await counted()).toEqual([['art', 1n]]);
  });

  test.each([
    ['was counted by a registry that is lost', post(1, 'art', begun - 60)],
    ['was stored by who knows of no generations', post(1, 'art')],
    [
      'was stored so long ago that the stream may have let go of it',
      { ...post(1, 'art', 0), pin: { ...post(1, 'art').pin!, k: `${startMs - 86_400_000}#kinesis` } },
    ],
  ])('counters are not complete while there is a post that %s', async (_, old) => {
    await store(old);
    await aggregate([change(undefined, post(2, 'art', 0))]);
    expect(await readRegistry(here.client, 'counters')).toEqual({ newest: begun, inexactUpTo: -1, metrics: {} });
    await expect(counted()).rejects.toThrow(NotLiveError);
  });

  test('nor while there are more posts than can be looked at in the time of a batch', async () => {
    let pages = 0;
    const send = async (command: object) => {
      if (!(command instanceof ScanCommand)) return here.client.send(command as PutItemCommand);
      return ++pages > 1_000 ? {} : { Items: [], LastEvaluatedKey: { ind: { N: String(pages) } } };
    };
    const endless = dynamoRegistry({ send } as unknown as typeof here.client, tables, countables, () => now);
    expect(await endless.current(signal)).toEqual({ newest: begun, inexactUpTo: -1, metrics: {} });
  });

  test('a metric that is not counted is no longer said to be complete, nor on its way', async () => {
    const [first, second, ...others] = countables.map(({ id }) => id);
    await createRegistry(here.client, 'counters', completeRegistry([first!, second!, ...others], begun), signal);
    const known = countables.filter(({ id }) => id !== first && id !== second);
    const outcome = await aggregate([change(undefined, post(1, 'art', begun))], 'shard-0', known);
    expect(outcome.dropped).toEqual([first, second]);
    expect(Object.keys(await generations()).sort()).toEqual(others.sort());
    expect((await items('counters')).find(({ pk }) => pk === 'registry')).toMatchObject({ revision: 1 });
    expect((await aggregate([change(undefined, post(2, 'art', begun))], 'shard-0', known)).dropped).toEqual([]);
  });

  test('a post below the newest generation is touched, unless it was deleted', async () => {
    await createRegistry(here.client, 'counters', { ...completeRegistry([], 0), newest: 2 }, signal);
    await store(post(1, 'art', 1));
    await aggregate([change(undefined, post(1, 'art', 1)), change(undefined, post(2, 'art', 1))]);
    expect(await items('posts')).toEqual([post(1, 'art', 2)]);
    await here.client.send(
      new UpdateItemCommand({
        TableName: 'posts',
        Key: marshall({ ind: 1 }),
        UpdateExpression: 'SET gen = :gen',
        ExpressionAttributeValues: marshall({ ':gen': 3 }),
      }),
    );
    await stores.posts.touch(1, 2, signal);
    expect(await items('posts')).toEqual([post(1, 'art', 3)]);
  });
});

test('counters are read in order over all spreads, from a prefix, backwards, and at zero', async () => {
  const registry = completeRegistry([metricId(metric), metricId(windowed)], 0);
  await createRegistry(here.client, 'counters', registry, signal);
  const put = (of: typeof metric, group: string, sk: string, v: number, spread: number, more = {}) =>
    here.client.send(
      new PutItemCommand({
        TableName: 'counters',
        Item: marshall({ pk: partitionKey(metricId(of), 0, group, spread), sk, v, ...more }),
      }),
    );
  for (const [sk, v, spread] of [
    ['a1', 1, 0],
    ['a1', 2, 3],
    ['a2', 5, 1],
    ['a3', 4, 0],
    ['a3', -4, 2],
    ['b', 7, 2],
    ['é', 1, 1],
    ['😀', 1, 0],
    ['\uffee', 1, 1],
  ] as const) {
    await put(metric, '', sk, v, spread);
  }
  const members = async (range: object) =>
    (await counted(metric, range)).map(([member, value]) => `${member}:${value}`);
  expect(await members({})).toEqual(['a1:3', 'a2:5', 'a3:0', 'b:7', 'é:1', '\uffee:1', '😀:1']);
  expect(await members({ prefix: 'a' })).toEqual(['a1:3', 'a2:5', 'a3:0']);
  const backwards = await members({ descending: true, expected: 1 });
  expect(backwards).toEqual(['😀:1', '\uffee:1', 'é:1', 'b:7', 'a3:0', 'a2:5', 'a1:3']);
  expect(await members({ group: 'other' })).toEqual([]);

  await put(windowed, '2025-12-31T23:59', '*', 9, 0, { ttl: startMs / 1000 });
  await put(windowed, '2026-01-01T00:00', '*', 3, 0, { ttl: startMs / 1000 + 1 });
  expect(await counted(windowed, { group: '2025-12-31T23:59' })).toEqual([]);
  expect(await counted(windowed, { group: '2026-01-01T00:00' })).toEqual([['*', 3n]]);
});

describe('reading a change', () => {
  test('is by its images, whatever the event is called; what expires takes nothing back', () => {
    const removed = change(post(1, 'art'), undefined);
    expect(changeOf(removed)).toMatchObject({ before: post(1, 'art'), after: undefined, createdAtMs: startMs });
    const userIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };
    expect(changeOf({ ...removed, eventName: 'REMOVE', userIdentity })).toMatchObject({ before: undefined });
  });

  test.each([
    ['no sequence number', { dynamodb: { NewImage: marshall(post(1, 'art')) } }],
    ['no image', { dynamodb: { SequenceNumber: '1' } }],
    ['nothing', {}],
  ])('with %s is refused', (_, record) => {
    expect(() => changeOf(record as DynamoDBRecord)).toThrow(ChangeRecordError);
  });

  test.each([
    ['an index that is no number', { ind: { S: '1' } }],
    ['a part that is none', { ind: { N: '1' }, pin: { S: 'x' } }],
    ['a part without fields', { ind: { N: '1' }, pin: { M: { k: { S: '1' }, rules: { N: '1' } } } }],
    ['a generation that is no number', { ind: { N: '1' }, gen: { S: '0' } }],
    ['an attribute of no type', { ind: { N: '1' }, x: {} }],
  ])('an image with %s is no post', (_, image) => {
    expect(() => postOf(image as never)).toThrow(ChangeRecordError);
  });
});
