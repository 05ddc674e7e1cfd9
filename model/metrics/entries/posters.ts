import { followers, poster } from '../dimensions.ts';
import { distinct, type Metric } from '../metric.ts';

export default {
  name: 'posters',
  describe: 'Posts of each poster by follower count: how popular a profile is.',
  measure: distinct(poster, followers),
  by: [],
} satisfies Metric;
