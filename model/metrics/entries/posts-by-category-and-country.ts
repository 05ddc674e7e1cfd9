import { category, country } from '../dimensions.ts';
import { count, type Metric } from '../metric.ts';

export default {
  name: 'posts-by-category-and-country',
  describe: 'Posts in each country and category.',
  measure: count,
  by: [country, category],
} satisfies Metric;
