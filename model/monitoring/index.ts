import { aggregateFunctionDimension, aggregateMetrics } from './aggregate-metrics.ts';
import { archiveFunctionDimension, archiveMetrics } from './archive-metrics.ts';
import { batchFunctionDimension, batchMetrics } from './batch-metrics.ts';
import { canaryFunctionDimension, canaryMetrics } from './canary-metrics.ts';
import { cleanFunctionDimension, cleanMetrics } from './clean-metrics.ts';
import { observeFunctionDimension, observeMetrics } from './observe-metrics.ts';
import { refereeFunctionDimension, refereeMetrics } from './referee-metrics.ts';

export { metricsNamespace } from './clean-metrics.ts';

/** Every metric of our own by the value of its dimension `function`, and whether it has the dimension `feed` too. */
export const ownMetrics = {
  [cleanFunctionDimension]: { byFeed: true, metrics: cleanMetrics },
  [archiveFunctionDimension]: { byFeed: true, metrics: archiveMetrics },
  [batchFunctionDimension]: { byFeed: true, metrics: batchMetrics },
  [aggregateFunctionDimension]: { byFeed: false, metrics: aggregateMetrics },
  [refereeFunctionDimension]: { byFeed: false, metrics: refereeMetrics },
  [observeFunctionDimension]: { byFeed: false, metrics: observeMetrics },
  [canaryFunctionDimension]: { byFeed: false, metrics: canaryMetrics },
} as const;

export type OwnFunction = keyof typeof ownMetrics;
type Names<F extends OwnFunction> = (typeof ownMetrics)[F]['metrics'];
export type OwnMetricName<F extends OwnFunction> = Names<F>[keyof Names<F>] & string;
