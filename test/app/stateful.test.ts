import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Baseline, changes, statefulResources } from './stateful.ts';

const FILE = join(__dirname, 'stateful.json');
const UPDATE = 'UPDATE_BASELINE=1 npm test -- test/app/stateful.test.ts';

test('no resource that holds something would be replaced or renamed', () => {
  const resources = statefulResources();
  if (process.env['UPDATE_BASELINE'] === '1') writeFileSync(FILE, `${JSON.stringify(resources, null, 2)}\n`);
  const found = changes(JSON.parse(readFileSync(FILE, 'utf8')), resources);
  if (found.length > 0) {
    throw new Error(
      `Against test/app/stateful.json:\n  ${found.join('\n  ')}\n` +
        `If this is meant, say in the commit what becomes of what is deployed, and write the new baseline:\n  ${UPDATE}`,
    );
  }
});

const table = { Type: 'AWS::DynamoDB::Table', TableName: 'posts', KeySchema: 'ind N HASH' };
const before: Baseline = { 'dev speed Posts': table };

test.each<[string, Baseline, RegExp[]]>([
  ['nothing', before, []],
  [
    'a name',
    { 'dev speed Posts': { ...table, TableName: 'items' } },
    [/replaced or renamed: TableName was posts and is items/],
  ],
  ['the type of a key', { 'dev speed Posts': { ...table, KeySchema: 'ind S HASH' } }, [/KeySchema was ind N HASH/]],
  ['a property that was not there', { 'dev speed Posts': { ...table, Extra: '1' } }, [/Extra was absent and is 1/]],
  ['the logical id', { 'dev speed Items': table }, [/Items .* is new/, /Posts .* is gone: it would be deleted/]],
])('a change of %s is told', (_, after, expected) => {
  const found = changes(before, after);
  expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});
