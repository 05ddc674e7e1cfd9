import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { copyResult, ResultError } from '../../lambda/batch/serve/copy.ts';
import { PAGE_ROWS, type ServedPage } from '../../model/serving/served-copies.ts';

const columns = [
  { name: 'country', type: 'text' },
  { name: 'posts', type: 'number' },
] as const;

async function copied(csv: string) {
  const pages: ServedPage[] = [];
  const index = await copyResult(Readable.from([csv]), columns, async (page, content) => {
    expect(page).toBe(pages.length);
    pages.push(content);
  });
  return { index, pages };
}

test('values keep what they are: texts, numbers, NULL, and whole numbers beyond 2^53 as texts', async () => {
  const csv = '"country","posts"\n"Cote d\'Ivoire","2"\n"a ""b"",\nc","9007199254740993"\n"","-1.5"\n,\n"10","0"\n';
  expect((await copied(csv)).pages).toEqual([
    {
      rows: [
        ["Cote d'Ivoire", 2],
        ['a "b",\nc', '9007199254740993'],
        ['', -1.5],
        [null, null],
        ['10', 0],
      ],
    },
  ]);
});

test('a result is cut into pages, and its index says how', async () => {
  const rows = Array.from({ length: 2 * PAGE_ROWS + 1 }, (_, at) => `"c${at}","${at}"\n`);
  const { index, pages } = await copied(`"country","posts"\n${rows.join('')}`);
  expect(index).toEqual({ columns: ['country', 'posts'], rows: 2 * PAGE_ROWS + 1, pageRows: PAGE_ROWS });
  expect(pages.map((page) => page.rows.length)).toEqual([PAGE_ROWS, PAGE_ROWS, 1]);
  expect(pages[1]!.rows[0]).toEqual([`c${PAGE_ROWS}`, PAGE_ROWS]);
});

test('a result without rows has no page', async () => {
  expect(await copied('"country","posts"\n')).toEqual({
    index: { columns: ['country', 'posts'], rows: 0, pageRows: PAGE_ROWS },
    pages: [],
  });
});

test.each(['"posts","country"\n', '"country"\n', ''])('a result with the columns %j is refused', async (csv) => {
  await expect(copied(csv)).rejects.toThrow(ResultError);
});
