import { rowMetrics } from './row-metrics.ts';

/** Spelled here once, for the function that counts and the alarms and dashboards that read. */
export const metricsNamespace = 'Pinflow';

/** What the clean function measures; dimensions `feed` and `function`. Counts of work, for rates: a retry counts again. */
export const cleanMetrics = {
  ...rowMetrics,
  /** Fields that no rule reads. */
  fieldsIgnored: 'FieldsIgnored',
  /** Milliseconds from a row's arrival in the stream to its write. */
  arrivalToStored: 'ArrivalToStored',
} as const;

export const cleanFunctionDimension = 'clean';
