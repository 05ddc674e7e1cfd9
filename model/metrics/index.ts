export { metrics } from '../generated/metrics.ts';
