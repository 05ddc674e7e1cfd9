/** What the referee publishes, in all; its log line has it by feed and metric. Dimension: `function`. */
export const refereeMetrics = {
  rowsCompared: 'RowsCompared',
  rowDrift: 'RowDrift',
  counterDrift: 'CounterDrift',
  /** Rows below the watermark that a door accepted and a layer does not have: by gaps in offsets, and by coordinates. */
  rowsLost: 'RowsLost',
} as const;

export const refereeFunctionDimension = 'referee';
