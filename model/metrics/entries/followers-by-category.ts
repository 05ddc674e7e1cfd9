import { category } from '../dimensions.ts';
import { type Metric, sum } from '../metric.ts';

export default {
  name: 'followers-by-category',
  describe: 'The sum of follower counts over the posts of each category.',
  measure: sum('pin.follower_count'),
  by: [category],
} satisfies Metric;
