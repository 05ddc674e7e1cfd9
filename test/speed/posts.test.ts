import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dynamoDbHere, type Here } from '../../bench/dynamodb-here.ts';
import { createRegistry } from '../../lambda/shared/registry.ts';
import { type NewestGeneration, newestGeneration } from '../../lambda/speed/clean/newest-generation.ts';
import { dynamoPosts } from '../../lambda/speed/clean/posts.ts';
import { completeRegistry, unregistered } from '../../model/counters/registry.ts';

const TableName = 'posts';
const { signal } = new AbortController();
let here: Here;

beforeAll(async () => {
  here = await dynamoDbHere();
});

afterAll(() => here.close());

const posts = (newest: NewestGeneration = newestGeneration(here.client, 'counters', Date.now)) =>
  dynamoPosts(here.client, TableName, newest);

async function item(ind: number): Promise<Record<string, unknown>> {
  const Key = { ind: { N: String(ind) } };
  const { Item = {} } = await here.client.send(new GetItemCommand({ TableName, Key }));
  return unmarshall(Item);
}

test('a part gives way to a greater order key, or to newer rules under its own', async () => {
  const ind = Number.MAX_SAFE_INTEGER;
  const write = (k: string, rules: number) =>
    posts().write('geo', ind, { k, rules, fields: { country: `${k} by ${rules}`, timestamp: null } }, signal);
  const stored = async () => ((await item(ind))['geo'] as { fields: { country: string } }).fields.country;
  const seen: unknown[] = [];
  for (const [k, rules] of [
    ['2', 1],
    ['1', 9],
    ['2', 1],
    ['2', 2],
    ['2', 1],
    ['3', 1],
  ] as const) {
    seen.push([(await write(k, rules)) === 'applied', await stored()]);
  }
  expect(seen).toEqual([
    [true, '2 by 1'],
    [false, '2 by 1'],
    [false, '2 by 1'],
    [true, '2 by 2'],
    [false, '2 by 2'],
    [true, '3 by 1'],
  ]);
});

test('what the feeds can hold comes back as it was', async () => {
  const fields = {
    coordinates: [0.30000000000000004, -1e-100],
    count: Number.MAX_SAFE_INTEGER,
    text: '\u0000 日本👍\u00a0',
    none: null,
  };
  const part = { k: '1', rules: 1, fields };
  await posts().write('geo', -1, part, signal);
  expect(await item(-1)).toEqual({ ind: -1, geo: part, gen: 0 });
});

test('a registry that is not there yet is looked for again soon', async () => {
  let now = 0;
  const newest = newestGeneration(here.client, 'counters', () => now);
  expect(await newest.current(signal)).toBe(unregistered);
  await createRegistry(here.client, 'counters', { ...completeRegistry([], 0), newest: 7 }, signal);
  expect(await newest.current(signal)).toBe(unregistered);
  now += 201;
  expect(await newest.current(signal)).toBe(7);
});

test('a post is stamped with the newest generation that was heard of, and its stamp is never lowered', async () => {
  const part = (k: string) => ({ k, rules: 1, fields: {} });
  const old: NewestGeneration = { current: async () => 1, heardOf: () => undefined };
  let known = 1;
  const listening: NewestGeneration = {
    current: async () => known,
    heardOf: (generation) => {
      known = generation;
    },
  };
  await posts(old).write('geo', 3, part('1'), signal);
  expect(await item(3)).toMatchObject({ gen: 1 });
  let now = 0;
  const read = newestGeneration(here.client, 'counters', () => now);
  expect(await posts(read).write('pin', 3, part('1'), signal)).toBe('applied');
  expect(await posts(listening).write('pin', 3, part('2'), signal)).toBe('applied');
  expect(await posts(listening).write('pin', 3, part('1'), signal)).toBe('duplicate');
  expect(await item(3)).toEqual({ ind: 3, geo: part('1'), pin: part('2'), gen: 7 });

  // Where the registry cannot be read, what is known goes on.
  const gone = newestGeneration(here.client, 'nowhere', () => now);
  expect(await gone.current(signal)).toBe(0);
  gone.heardOf(9);
  now += 10_000;
  expect(await gone.current(signal)).toBe(9);
});
