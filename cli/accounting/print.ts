import { feedNames } from '../emulator/posts.ts';
import { table } from '../table.ts';
import type { Account } from './account.ts';

/** The fates of the rows by feed, then the quarantined ones by the rule that refused them. */
export function accountTable(account: Account): string {
  const head = ['feed', 'records', 'rows', 'applied', 'duplicate', 'superseded', 'quarantined', 'missing'];
  const rows = feedNames.map((feed) => {
    const { records, rows, applied, duplicate, superseded, quarantined, missing } = account[feed];
    return [feed, records, rows, applied, duplicate, superseded, quarantined, missing];
  });
  return [table([head, ...rows]), ...quarantineLines(account)].join('\n');
}

export function quarantineLines(account: Account): readonly string[] {
  const lines = feedNames
    .map((feed) => [feed, Object.entries(account[feed].quarantinedBy).sort(([, a], [, b]) => b - a)] as const)
    .filter(([, rules]) => rules.length > 0)
    .map(([feed, rules]) => `    ${feed.padEnd(4)}  ${rules.map(([rule, count]) => `${rule} ${count}`).join(', ')}`);
  return lines.length === 0 ? [] : ['  quarantined by rule', ...lines];
}

export const missingRows = (account: Account): number =>
  feedNames.reduce((sum, feed) => sum + account[feed].missing, 0);
