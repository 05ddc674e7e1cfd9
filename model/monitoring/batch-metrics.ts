import { rowMetrics } from './row-metrics.ts';

/**
 * What a run's clean job counts, as the clean function counts its own; dimensions `feed` and `function`. The job spells
 * them in Python (`pinflow_batch/summary.py`).
 */
export const batchMetrics = {
  ...rowMetrics,
  /** Rows that landed below the watermark of an earlier run, after it. */
  lateLanded: 'LateLanded',
} as const;

export const batchFunctionDimension = 'batch';
