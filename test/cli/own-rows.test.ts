import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ownPosts } from '../../cli/emulator/own-rows.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'own rows '));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(name: string, content: string) {
  const file = join(folder, name);
  writeFileSync(file, content);
  const posts = [];
  for await (const post of ownPosts(file)) posts.push(post);
  return posts;
}

const user = { ind: 7, first_name: 'Ada', last_name: 'Byron', age: 30, date_joined: '2016-01-01 00:00:00' };

describe('JSON lines', () => {
  test('hold whole posts or rows of one feed', async () => {
    const pin = { index: 7, follower_count: '1k', category: 'art' };
    const posts = await read('rows.jsonl', `${JSON.stringify({ pin, user })}\r\n\n${JSON.stringify(user)}\n`);
    expect(posts).toEqual([
      {
        index: 7,
        rows: [
          ['pin', { data: pin }],
          ['user', { data: user }],
        ],
      },
      { index: 7, rows: [['user', { data: user }]] },
    ]);
  });

  test.each([
    ['{"ind": 1, "age": 2}\n{"ind": 1,, "age": 2}', /rows\.jsonl:2:11: this is no JSON/],
    ['[1]', /rows\.jsonl:1:1: the line holds no object/],
    ['{"name": "Maya", "age": 25}', /rows\.jsonl:1:1: the row has no column index or ind/],
    [
      '{"ind": 1, "name": "Maya"}',
      /rows\.jsonl:1:1: no telling which feed this row belongs to \(its columns: ind, name\)/,
    ],
  ])('%s is told by its place', async (content, message) => {
    await expect(read('rows.jsonl', content)).rejects.toThrow(message);
  });
});

describe('CSV', () => {
  test('has numbers where the columns do, and null where nothing is', async () => {
    const csv =
      'ind,timestamp,latitude,longitude,country\n7,2020-08-28 03:52:47,-1.5,"33.25","Cote d\'Ivoire, so to say"\n8,,1e1,0,\n';
    expect((await read('geo.csv', csv)).map(({ rows }) => rows[0])).toEqual([
      [
        'geo',
        {
          data: {
            ind: 7,
            timestamp: '2020-08-28 03:52:47',
            latitude: -1.5,
            longitude: 33.25,
            country: "Cote d'Ivoire, so to say",
          },
        },
      ],
      ['geo', { data: { ind: 8, timestamp: null, latitude: 10, longitude: 0, country: null } }],
    ]);
  });

  test('keeps a dirty number as the text it is', async () => {
    const [post] = await read('user.csv', 'ind,first_name,last_name,age,date_joined\n7,Ada,Byron,young,2016-01-01\n');
    expect(post!.rows[0]![1].data).toMatchObject({ age: 'young' });
  });

  test.each([
    ['a row with too many fields', 'ind,age\n1,2\n1,2,3\n', /rows\.csv:3/],
    ['an open quote', 'ind,age,first_name\n1,2,"Ada\n', /rows\.csv:\d/],
  ])('%s is told by its place', async (_, content, message) => {
    await expect(read('rows.csv', content)).rejects.toThrow(message);
  });
});

test('a file of another kind, or none, is told', async () => {
  await expect(read('rows.txt', '')).rejects.toThrow('ends in .jsonl or .csv');
  await expect(ownPosts(join(folder, 'none.csv')).next()).rejects.toThrow('there is no such file');
});
