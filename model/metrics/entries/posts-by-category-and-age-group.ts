import { ageGroup, category } from '../dimensions.ts';
import { count, type Metric } from '../metric.ts';

export default {
  name: 'posts-by-category-and-age-group',
  describe: 'Posts in each age group of users and category.',
  measure: count,
  by: [ageGroup, category],
} satisfies Metric;
