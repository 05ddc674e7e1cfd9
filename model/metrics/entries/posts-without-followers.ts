import { count, type Metric, missing } from '../metric.ts';

export default {
  name: 'posts-without-followers',
  describe: 'Posts of the last two minutes whose follower count could not be read.',
  measure: count,
  by: [],
  where: [missing('pin.follower_count')],
  window: { minutes: 2, arrival: 'pin' },
} satisfies Metric;
