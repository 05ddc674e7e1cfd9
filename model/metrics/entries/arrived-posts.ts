import { count, type Metric } from '../metric.ts';

export default {
  name: 'arrived-posts',
  describe: 'Posts of the last two minutes.',
  measure: count,
  by: [],
  window: { minutes: 2, arrival: 'pin' },
} satisfies Metric;
