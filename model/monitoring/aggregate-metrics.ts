/** What the aggregate function measures; dimension `function`. Counts of work, for rates: a retry counts again. */
export const aggregateMetrics = {
  changesIn: 'ChangesIn',
  /** Changes that cannot be understood; they are kept as they came. */
  changesUnreadable: 'ChangesUnreadable',
  countersWritten: 'CountersWritten',
  /** Deltas of single changes that one write to a counter stands for. */
  coalescing: 'Coalescing',
  /** Posts that were stamped again, because a newer generation counts them. */
  postsTouched: 'PostsTouched',
  /** Milliseconds from the oldest change of a batch to its counting. */
  changeAge: 'ChangeAge',
} as const;

export const aggregateFunctionDimension = 'aggregate';
