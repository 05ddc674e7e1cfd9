import type { CloudWatch, Series } from '../../services/cloudwatch/types.ts';
import type { LambdaService } from '../../services/lambda/service.ts';
import type { LogEvent, LogStore } from '../../services/logs/store.ts';
import type { JsonObject } from '../../services/service.ts';
import { ConsoleError, type Route, text } from '../http.ts';
import { readLogQuery } from './log-query.ts';
import { type DrawnMetric, widgetQueries } from './widget-queries.ts';

export interface DashboardSources {
  readonly cloudWatch: Pick<CloudWatch, 'dashboards' | 'dashboard' | 'metricData'>;
  readonly functions: Pick<LambdaService, 'invoke'>;
  readonly logs: Pick<LogStore, 'events'>;
  /** When this run began, epoch milliseconds: before that, nothing or another run is seen. */
  readonly since: number;
}

/** A line of a chart with its data. */
interface Line extends DrawnMetric, Omit<Series, 'id'> {}

const SHORTEST_PERIOD_S = 10;
/** A chart has no place for more. */
const POINTS = 1_440;
/** Of a log group, for lines that a filter lets through. */
const LOOKED_THROUGH = 2_000;

/** The dashboards of the templates, as CloudWatch would draw them. */
export function dashboardRoutes({ cloudWatch, functions, logs, since }: DashboardSources): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/dashboards',
      handle: () => ({ since, dashboards: cloudWatch.dashboards().map(({ name, modified }) => ({ name, modified })) }),
    },
    {
      method: 'GET',
      path: '/api/dashboards/:name',
      handle: ({ parameters }) => {
        const found = cloudWatch.dashboard(parameters['name']!);
        if (found === undefined) throw new ConsoleError(404, `There is no dashboard ${parameters['name']}.`);
        return { name: found.name, modified: found.modified, body: JSON.parse(found.body) };
      },
    },
    {
      method: 'POST',
      path: '/api/metric-data',
      handle: ({ body }) => ({ lines: linesOf(cloudWatch, body) }),
    },
    {
      method: 'GET',
      path: '/api/log-widget',
      handle: ({ query }) => ({ events: linesLogged(logs, query.get('query') ?? '') }),
    },
    {
      method: 'POST',
      path: '/api/widget',
      handle: async ({ body }) => {
        const event = { ...(body['params'] as JsonObject | undefined), widgetContext: body['widgetContext'] };
        const { payload, failed } = await functions.invoke(text(body, 'endpoint'), JSON.stringify(event));
        if (failed) throw new ConsoleError(502, `The widget's function failed: ${payload.slice(0, 500)}`);
        const said: unknown = JSON.parse(payload || 'null');
        return typeof said === 'string' ? { html: said } : { json: said };
      },
    },
  ];
}

/** The newest first. @throws ConsoleError 400 */
function linesLogged(logs: Pick<LogStore, 'events'>, query: string): LogEvent[] {
  const { groups, filters, limit } = readLogQuery(query);
  const events = groups.flatMap((group) => logs.events({ group, newest: true, limit: LOOKED_THROUGH }));
  return events
    .filter(({ message }) => filters.every((test) => test(message)))
    .sort((a, b) => b.time - a.time)
    .slice(0, limit);
}

/** @throws ConsoleError 400, ServiceError of an expression */
function linesOf(cloudWatch: Pick<CloudWatch, 'metricData'>, body: JsonObject): Line[] {
  const { metrics, stat, period, from, to, coarsest } = body as {
    readonly metrics?: readonly (readonly unknown[])[];
    readonly stat?: string;
    readonly period?: number;
    readonly from?: number;
    readonly to?: number;
    /** One value for the whole time, as a number widget has with `setPeriodToTimeRange`. */
    readonly coarsest?: boolean;
  };
  if (!Array.isArray(metrics) || typeof from !== 'number' || typeof to !== 'number' || from >= to) {
    throw new ConsoleError(400, 'metrics is a list as a dashboard has it; from and to are milliseconds.');
  }
  const whole = Math.max(60, Math.ceil((to - from) / 60_000) * 60);
  const found = widgetQueries(metrics, { ...(stat && { stat }), ...(period && { period }) });
  const queries = found.queries.map((query) => ({
    ...query,
    ...(query.stat && {
      stat: { ...query.stat, periodSeconds: coarsest ? whole : fitting(query.stat.periodSeconds, from, to) },
    }),
    ...(query.expression !== undefined && {
      periodSeconds: coarsest ? whole : fitting(query.periodSeconds ?? SHORTEST_PERIOD_S, from, to),
    }),
  }));
  const series = new Map(cloudWatch.metricData({ queries, from, to }).map((one) => [one.id, one]));
  return found.drawn.flatMap((drawn) => {
    const data = series.get(drawn.id);
    return data === undefined ? [] : [{ ...data, ...drawn }];
  });
}

/** The widget's period, unless the chart would have more points than pixels. */
function fitting(period: number, from: number, to: number): number {
  const seconds = (to - from) / 1_000;
  return seconds / period <= POINTS ? period : Math.ceil(seconds / POINTS / 60) * 60;
}
