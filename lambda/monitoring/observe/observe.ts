import { metricId } from '../../../model/counters/keys.ts';
import { beganAfter, generationAt, type Registry } from '../../../model/counters/registry.ts';
import { holdsChanges } from '../../../model/kinesis-event.ts';
import { metrics } from '../../../model/metrics/index.ts';

/** What is looked at. */
export interface Observed {
  /** Epoch ms at which the latest change was stored that is counted. */
  lastChange(): Promise<number | undefined>;
  /** Epoch ms; undefined before the first run, and without a batch layer. */
  watermark(): Promise<number | undefined>;
  parkedBatches(): Promise<number>;
}

/** Ages in seconds; undefined where there is nothing yet that could be old. */
export interface Observation {
  readonly liveFreshness: number | undefined;
  readonly batchFreshness: number | undefined;
  readonly parkedBatches: number;
}

/** @param now epoch ms */
export async function observe(observed: Observed, now: number): Promise<Observation> {
  const [lastChange, watermark, parkedBatches] = await Promise.all([
    observed.lastChange(),
    observed.watermark(),
    observed.parkedBatches(),
  ]);
  const age = (then: number | undefined) => (then === undefined ? undefined : Math.max(0, (now - then) / 1_000));
  return { liveFreshness: age(lastChange), batchFreshness: age(watermark), parkedBatches };
}

/** A batch that an event source mapping gave up, or a change that could not be read, as an object. */
export interface ParkedBatch {
  readonly key: string;
  /** Epoch ms. */
  readonly writtenAt: number;
}

/** How many wait: rows until a redrive has stored them, changes of posts until all counters began after them. */
export function waitingBatches(parked: readonly ParkedBatch[], registry: Registry | undefined): number {
  const isCounted = (at: number) =>
    registry !== undefined && metrics.every((metric) => beganAfter(registry, metricId(metric), at));
  return parked.filter(({ key, writtenAt }) => !(holdsChanges(key) && isCounted(writtenAt))).length;
}

/**
 * The generation up to which counters miss changes that were given up: one that began later counted their posts again.
 * undefined: there are none.
 */
export function inexactUpTo(parked: readonly ParkedBatch[]): number | undefined {
  const times = parked.filter(({ key }) => holdsChanges(key)).map(({ writtenAt }) => writtenAt);
  return times.length === 0 ? undefined : generationAt(Math.max(...times));
}
