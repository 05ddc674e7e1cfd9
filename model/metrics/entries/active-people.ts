import { person } from '../dimensions.ts';
import { distinct, type Metric } from '../metric.ts';

export default {
  name: 'active-people',
  describe: 'People of whom a post has arrived in the last five minutes.',
  measure: distinct(...person),
  by: [],
  window: { minutes: 5, arrival: 'user' },
} satisfies Metric;
