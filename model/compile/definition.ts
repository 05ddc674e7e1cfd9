import { createHash } from 'node:crypto';
import type { Metric } from '../metrics/metric.ts';
import type { Question } from '../questions/question.ts';
import { canonicalJson } from './canonical-json.ts';

/** Grows by one with every change of how contributions become keys. */
const layout = 1;

/** Eight hex digits that change with what a metric counts, not with what is said of it. */
export const definitionHash = ({ name, measure, by, where = [], window }: Metric): string =>
  hash({ layout, name, measure, by, where, window: window ?? null });

/** The same of a question: with what it shows, and with what the metrics count that it reads. */
export function questionHash({ metric, where = [], by, values, top, order = [], limit }: Question): string {
  const shown = Object.entries(values).map(([column, value]) => [
    column,
    value.kind === 'total' && value.metric ? { ...value, metric: definitionHash(value.metric) } : value,
  ]);
  const rest = { where, by, values: shown, top: top ?? null, order, limit: limit ?? null };
  return hash({ metric: definitionHash(metric), ...rest });
}

const hash = (definition: object): string =>
  createHash('sha256').update(canonicalJson(definition)).digest('hex').slice(0, 8);
