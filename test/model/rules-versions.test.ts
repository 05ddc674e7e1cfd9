import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { canonicalJson } from '../../model/compile/canonical-json.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Feed } from '../../model/rules/rule.ts';

const file = join(import.meta.dirname, 'rules-versions.json');
const update = 'UPDATE_BASELINE=1 npm test -- test/model/rules-versions.test.ts';

/** Feed -> version of its rules -> what they are. */
type Versions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A row that was cleaned by a version is cleaned again by a greater one only, in both layers. */
function problems(known: Versions, all: readonly Feed[]): readonly string[] {
  return all.flatMap((feed) => {
    const then = known[feed.name]?.[feed.rules];
    if (then === hashOf(feed)) return [];
    return then === undefined
      ? [`${feed.name}: version ${feed.rules} of the rules is new. Write it down: ${update}`]
      : [`${feed.name}: the rules are not those of version ${feed.rules} any more. Raise \`rules\`, then: ${update}`];
  });
}

const hashOf = ({ rules: _, ...feed }: Feed): string =>
  createHash('sha256').update(canonicalJson(feed)).digest('hex').slice(0, 16);

test('a version of the rules stays what it was', () => {
  const known = JSON.parse(readFileSync(file, 'utf8')) as Versions;
  if (process.env['UPDATE_BASELINE'] === '1') {
    const written = Object.values(feeds).map((feed) => [
      feed.name,
      { [feed.rules]: hashOf(feed), ...known[feed.name] },
    ]);
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(written), null, 2)}\n`);
  }
  expect(problems(JSON.parse(readFileSync(file, 'utf8')) as Versions, Object.values(feeds))).toEqual([]);
});

test('other rules under a version that is known are told, and so is a new version', () => {
  const known = { geo: { 1: hashOf(feeds.geo) } };
  const other = { ...feeds.geo, columns: feeds.geo.columns.slice(1) };
  expect(problems(known, [feeds.geo])).toEqual([]);
  expect(problems(known, [other])).toEqual([
    expect.stringMatching(/^geo: the rules are not those of version 1 any more/),
  ]);
  expect(problems(known, [{ ...other, rules: 2 }])).toEqual([expect.stringMatching(/^geo: version 2 .* is new/)]);
});
