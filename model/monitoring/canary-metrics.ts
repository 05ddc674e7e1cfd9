/** What the canary publishes with every post that it sends; dimension `function`. */
export const canaryMetrics = {
  /** Checks that failed: 0 when all is well. */
  checksFailed: 'CanaryChecksFailed',
  /** Milliseconds from the request to the stored post. */
  postedToStored: 'CanaryPostedToStored',
} as const;

export const canaryFunctionDimension = 'canary';
