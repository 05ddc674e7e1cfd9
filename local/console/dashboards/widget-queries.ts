import type { MetricDataQuery } from '../../services/cloudwatch/types.ts';

/** The last member of an entry of `metrics`, and what a widget says of all of them. */
interface MetricOptions {
  readonly id?: string;
  readonly label?: string;
  readonly expression?: string;
  readonly stat?: string;
  readonly period?: number;
  readonly visible?: boolean;
  readonly yAxis?: 'left' | 'right';
  readonly color?: string;
}

/** A line of a chart. */
export interface DrawnMetric {
  /** Of its query. */
  readonly id: string;
  readonly axis: 'left' | 'right';
  readonly color?: string;
}

export interface WidgetQueries {
  readonly queries: readonly MetricDataQuery[];
  readonly drawn: readonly DrawnMetric[];
}

const DEFAULT_STATISTIC = 'Average';
const DEFAULT_PERIOD = 300;

/**
 * The queries of a widget's `metrics`, whose entries are `[namespace, name, dimension, value, …, options]`: `.` repeats a
 * member of the entry before, `...` all up to what follows; `[{expression}]` is metric math.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html#CloudWatch-Dashboard-Properties-Metrics-Array-Format
 */
export function widgetQueries(
  metrics: readonly (readonly unknown[])[],
  widget: { readonly stat?: string; readonly period?: number },
): WidgetQueries {
  const queries: MetricDataQuery[] = [];
  const drawn: DrawnMetric[] = [];
  let before: readonly string[] = [];
  for (const [at, entry] of metrics.entries()) {
    const last = entry.at(-1);
    const options = (typeof last === 'object' && last !== null ? last : {}) as MetricOptions;
    const id = options.id ?? `auto${at}`;
    const shown = {
      id,
      ...(options.label !== undefined && { label: options.label }),
      returnData: options.visible ?? true,
    };
    const periodSeconds = options.period ?? widget.period ?? DEFAULT_PERIOD;
    if (options.expression !== undefined) {
      queries.push({ ...shown, expression: options.expression, periodSeconds });
    } else {
      before = unabbreviated(
        entry.filter((member) => typeof member === 'string'),
        before,
      );
      const [namespace = '', name = '', ...pairs] = before;
      const dimensions = Object.fromEntries(
        pairs.flatMap((key, index) => (index % 2 === 0 ? [[key, pairs[index + 1] ?? '']] : [])),
      );
      const statistic = options.stat ?? widget.stat ?? DEFAULT_STATISTIC;
      queries.push({
        ...shown,
        stat: { namespace, name, dimensions, statistic, periodSeconds },
      });
    }
    if (shown.returnData) {
      drawn.push({ id, axis: options.yAxis ?? 'left', ...(options.color !== undefined && { color: options.color }) });
    }
  }
  return { queries: distinctlyLabelled(queries), drawn };
}

/** What has no label is called by what tells it from the others: its name, and the values of its dimensions. */
function distinctlyLabelled(queries: readonly MetricDataQuery[]): MetricDataQuery[] {
  const metrics = queries.flatMap(({ stat }) => stat ?? []);
  const partsOf = ({ name, dimensions, statistic }: (typeof metrics)[number]) => [
    name,
    ...Object.values(dimensions),
    statistic,
  ];
  const differs = (at: number) => new Set(metrics.map((metric) => partsOf(metric)[at])).size > 1;
  return queries.map((query) => {
    if (query.label !== undefined || query.stat === undefined) return query;
    const parts = partsOf(query.stat).filter((_, at) => differs(at));
    return { ...query, label: parts.length === 0 ? query.stat.name : parts.join(' ') };
  });
}

function unabbreviated(members: readonly string[], before: readonly string[]): readonly string[] {
  if (members[0] === '...') {
    const rest = members.slice(1);
    return [...before.slice(0, before.length - rest.length), ...rest];
  }
  return members.map((member, at) => (member === '.' ? (before[at] ?? '') : member));
}
