import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PROFILES } from '../../lib/profiles/index.ts';
import { feedNames } from '../../model/rules/rule.ts';

const SHARD_MONTH = 10.95;
const ON_DEMAND_MONTH = 29;
const KMS_MONTH = 0.1;

test.each(PROFILES)('docs/deploy.md tells the idle cost of profile $name', ({ name, streams }) => {
  const stream = streams.mode === 'on-demand' ? ON_DEMAND_MONTH : streams.shards * SHARD_MONTH;
  const cost = feedNames.length * stream + KMS_MONTH;
  const text = readFileSync(join(__dirname, '..', '..', 'docs', 'deploy.md'), 'utf8');
  const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` `));
  expect(row).toContain(`**$${cost.toFixed(2)}**`);
});
