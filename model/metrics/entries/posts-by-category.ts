import { category } from '../dimensions.ts';
import { count, type Metric } from '../metric.ts';

export default {
  name: 'posts-by-category',
  describe: 'Posts in each category.',
  measure: count,
  by: [category],
} satisfies Metric;
