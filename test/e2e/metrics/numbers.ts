import { metrics } from '../../../model/metrics/index.ts';
import type { Metric } from '../../../model/metrics/metric.ts';
import { questions } from '../../../model/questions/index.ts';
import type { Question } from '../../../model/questions/question.ts';

export type Layer = 'live' | 'batch';
export type Row = Readonly<Record<string, string | number | null>>;
/** Rows by route. */
export type Numbers = Readonly<Record<string, readonly Row[]>>;

const isWindowed = ({ window }: Metric): boolean => window !== undefined;
const readsWindows = ({ metric, values }: Question): boolean =>
  isWindowed(metric) ||
  Object.values(values).some(
    (value) => value.kind === 'total' && value.metric !== undefined && isWindowed(value.metric),
  );

/** What does not depend on the hour at which it is asked. */
const routes = [
  ...metrics.filter((metric) => !isWindowed(metric)).map(({ name }) => `metrics/${name}`),
  ...questions.filter((question) => !readsWindows(question)).map(({ name }) => `questions/${name}`),
];

/** Every number of a layer, through the API. @throws Error where it is not the layer that answers, or not whole */
export async function numbers(apiUrl: string, layer: Layer): Promise<Numbers> {
  const found: Record<string, readonly Row[]> = {};
  for (const route of routes) found[route] = await rowsOf(apiUrl, route, layer);
  return found;
}

export async function rowsOf(apiUrl: string, route: string, layer: Layer): Promise<readonly Row[]> {
  const answer = await fetch(`${apiUrl}/${route}?layer=${layer}&limit=10000`);
  const body = (await answer.json()) as { layer: Layer; notes: unknown[]; rows: Row[]; next?: string };
  if (answer.status !== 200 || body.layer !== layer || body.notes.length > 0 || body.next !== undefined) {
    throw new Error(`${route} of ${layer}: ${answer.status} ${JSON.stringify({ ...body, rows: undefined })}`);
  }
  return body.rows;
}
