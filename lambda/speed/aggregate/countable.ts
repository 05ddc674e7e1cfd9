import { type Addend, type CounterKey, delta, expiresAt } from '../../../model/compile/contribution.ts';
import { metricId } from '../../../model/counters/keys.ts';
import type { Metric } from '../../../model/metrics/metric.ts';
import type { Post } from '../../../model/post.ts';

/** What the aggregator has to know of a metric. */
export interface Countable {
  /** As the registry and the keys of counters call it. */
  readonly id: string;
  /** What a change adds to counters, each of them once. Never throws. */
  delta(before: Post | undefined, after: Post | undefined): readonly Addend[];
  /** Epoch seconds; undefined for a counter that stays. */
  expiresAt(counter: CounterKey): number | undefined;
}

export const countable = (metric: Metric): Countable => ({
  id: metricId(metric),
  delta: (before, after) => delta(metric, before, after),
  expiresAt: (counter) => expiresAt(metric, counter),
});
