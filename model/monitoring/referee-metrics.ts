/** What the referee publishes, in all; its log line has it by feed and metric. Dimension: `function`. */
export const refereeMetrics = {
  rowsCompared: 'RowsCompared',
  rowDrift: 'RowDrift',
  counterDrift: 'CounterDrift',
} as const;

export const refereeFunctionDimension = 'referee';
