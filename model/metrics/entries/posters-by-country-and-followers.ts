import { country, followers, poster } from '../dimensions.ts';
import { distinct, known, type Metric } from '../metric.ts';

export default {
  name: 'posters-by-country-and-followers',
  describe: 'Posts of each poster and follower count in each country; the greatest count is the last.',
  measure: distinct(followers, poster),
  by: [country],
  where: [known('pin.follower_count')],
} satisfies Metric;
