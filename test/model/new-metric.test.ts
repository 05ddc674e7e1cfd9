import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');
let copy: string;

/** The one thing to write. */
const entry = `import { country } from '../dimensions.ts';
import { count, text, type Metric } from '../metric.ts';

export default {
  name: 'posts-by-kind',
  describe: 'Posts of each kind in each country.',
  measure: count,
  by: [country, text('pin.is_image_or_video', 'kind')],
} satisfies Metric;
`;

const outputs = `
import { metrics } from './model/metrics/index.ts';
import { contribution } from './model/compile/contribution.ts';
import { definitionHash } from './model/compile/definition.ts';
import { questionSql } from './model/compile/sql.ts';
import { metricQuestion } from './model/compile/rows.ts';
import { goldHash, goldStatements } from './lib/batch/gold-statements.ts';
import { namesOf } from './lib/names.ts';
const metric = metrics.find(({ name }) => name === 'posts-by-kind');
const part = (fields) => ({ k: '1', rules: 1, fields });
const post = { ind: 1, pin: part({ is_image_or_video: 'video' }), geo: part({ country: 'Peru' }) };
console.log(JSON.stringify({
  hash: definitionHash(metric),
  contribution: contribution(metric, post).map(({ counter, amount }) => [counter.member, String(amount)]),
  sql: questionSql(metricQuestion(metric), { kind: 'silver' }),
  gold: goldStatements(namesOf('demo')).find(({ table }) => table === 'gold_posts_by_kind'),
  goldHash: goldHash(),
}));
`;

const node = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [...args], { cwd: copy, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'pinflow-copy-'));
  for (const part of ['model', 'lib', 'cli', 'docs/generated', 'package.json']) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('what is generated is up to date, and one new entry makes it stale until it is generated again', () => {
  const stale = () => {
    try {
      return node('cli/pinflow.ts', 'generate', '--check');
    } catch (error) {
      return String((error as { stdout: unknown }).stdout);
    }
  };
  expect(stale()).toBe('');
  writeFileSync(join(copy, 'model/metrics/entries/posts-by-kind.ts'), entry);
  expect(stale()).toContain('model/generated/metrics.ts is stale: npm run generate');
  node('cli/pinflow.ts', 'generate');
  expect(stale()).toBe('');
  expect(readFileSync(join(copy, 'docs/generated/metrics.md'), 'utf8')).toContain(
    '### posts-by-kind\n\nPosts of each kind',
  );
}, 60_000);

test('a metric that is one entry is in every output', () => {
  writeFileSync(join(copy, 'outputs.ts'), outputs);
  const found = JSON.parse(node('outputs.ts'));
  expect(found.hash).toMatch(/^[0-9a-f]{8}$/);
  expect(found.contribution).toEqual([['Peru|video', '1']]);
  expect(found.sql).toContain('AS kind');
  expect(found.gold.create).toContain('gold_posts_by_kind (country string, kind string, amount bigint, run_id string');
  expect(found.gold.insert).toContain('INSERT INTO gold_posts_by_kind (country, kind, amount, run_id, watermark)');
}, 60_000);

test('a run leaves its answers anew where only their definitions have changed, and not the statements', () => {
  writeFileSync(join(copy, 'outputs.ts'), outputs);
  const definitions = join(copy, 'model/compile/definition.ts');
  const before = JSON.parse(node('outputs.ts'));
  writeFileSync(definitions, readFileSync(definitions, 'utf8').replace('const layout = 1;', 'const layout = 2;'));
  const after = JSON.parse(node('outputs.ts'));
  expect(after).toMatchObject({ sql: before.sql, gold: { insert: before.gold.insert } });
  expect([after.hash === before.hash, after.goldHash === before.goldHash]).toEqual([false, false]);
}, 60_000);
