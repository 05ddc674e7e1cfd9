/** What the observe function publishes every few minutes; dimension `function`. */
export const observeMetrics = {
  /** Seconds since the latest change was stored that the counters hold. */
  liveFreshness: 'LiveFreshness',
  /** Seconds since the watermark of the run that readers see; not before the first run. */
  batchFreshness: 'BatchFreshness',
  /** Batches that event source mappings gave up: rows that nobody stored since, changes that nobody counted since. */
  parkedBatches: 'ParkedBatches',
} as const;

export const observeFunctionDimension = 'observe';
