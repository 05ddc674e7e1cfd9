import { ageGroup, joiningYear } from '../dimensions.ts';
import { histogram, type Metric } from '../metric.ts';

export default {
  name: 'followers-by-age-group-and-joining-year',
  describe: 'How many posts have each follower count, by age group and year of joining.',
  measure: histogram('pin.follower_count'),
  by: [ageGroup, joiningYear],
} satisfies Metric;
