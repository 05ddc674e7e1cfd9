import { category, postYear } from '../dimensions.ts';
import { count, type Metric } from '../metric.ts';

export default {
  name: 'posts-by-category-and-post-year',
  describe: 'Posts in each year of posting and category.',
  measure: count,
  by: [postYear, category],
} satisfies Metric;
