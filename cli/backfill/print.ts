import { feedNames } from '../../model/rules/rule.ts';
import { table } from '../table.ts';
import type { BackfilledPosts } from './posts.ts';

/** What became of the rows in the posts table, by feed. */
export function backfilledTable({ feeds }: BackfilledPosts): string {
  const head = ['feed', 'objects', 'records', 'applied', 'of these changed', 'duplicate', 'superseded', 'quarantined'];
  const rows = feedNames.map((feed) => {
    const { objects, records, applied, changed, duplicate, superseded, quarantined } = feeds[feed];
    return [feed, objects, records, applied, changed, duplicate, superseded, quarantined];
  });
  return table([head, ...rows]);
}

export function changedLine({ feeds }: BackfilledPosts, freed: number): string {
  const changed = feedNames.reduce((sum, feed) => sum + feeds[feed].changed, 0);
  const parts = [
    changed === 0 ? 'No row of the posts table changed' : `${count(changed)} of the posts table changed`,
    ...(freed > 0 ? [`${count(freed)} left quarantine`] : []),
  ];
  return `  ${parts.join('; ')}.`;
}

const count = (rows: number): string => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;
