import { table } from '../table.ts';
import type { EmulationSummary } from './emulate.ts';
import { feedNames } from './posts.ts';

/** What was sent and taken by feed and door, the answers by status, the rate. */
export function summaryOf({ posts, byDoor, statuses, seconds }: EmulationSummary): string {
  const rows = [...byDoor].flatMap(([door, feeds]) =>
    feedNames.map((feed) => {
      const { sent, accepted, refused, retries } = feeds[feed];
      return [byDoor.size > 1 ? `${feed} to ${door}` : feed, sent, accepted, refused, retries];
    }),
  );
  const requests = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  const byStatus = [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status === 0 ? 'no answer' : status}: ${count.toLocaleString('en')}`);
  return [
    table([['feed', 'sent', 'accepted', 'refused', 'retries'], ...rows]),
    `  answers  ${byStatus.join(', ') || 'none'}`,
    `  ${posts.toLocaleString('en')} posts in ${seconds.toFixed(1)} s, ${(requests / Math.max(seconds, 0.001)).toFixed(0)} requests/s`,
  ].join('\n');
}
