import { joiningYear, person } from '../dimensions.ts';
import { distinct, type Metric } from '../metric.ts';

export default {
  name: 'people-by-joining-year',
  describe: 'People who joined in each year, each with their posts.',
  measure: distinct(...person),
  by: [joiningYear],
} satisfies Metric;
