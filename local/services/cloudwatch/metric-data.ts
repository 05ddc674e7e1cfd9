import { ServiceError } from '../service.ts';
import { statisticOf } from './distribution.ts';
import { evaluate, type Scope } from './math/evaluate.ts';
import { type Node, namesIn, parse } from './math/parse.ts';
import { isList, type Single, type TimeSeries, type Value } from './math/value.ts';
import type { MetricStore } from './store.ts';
import { startOf } from './store.ts';
import type { MetricDataQuery, MetricDataRequest, MetricStat, Series } from './types.ts';

const KEYWORDS = new Set(['REPEAT', 'LINEAR', 'AND', 'OR']);
const ID = /^[a-z]\w*$/;

/** Answers `GetMetricData`: reads what the queries need, and calculates. */
export class MetricData {
  readonly #store: Pick<MetricStore, 'read'>;

  constructor(store: Pick<MetricStore, 'read'>) {
    this.#store = store;
  }

  /** Series of the queries that return data. @throws ServiceError ValidationError */
  series(request: MetricDataRequest): Series[] {
    const { queries, from, to } = request;
    const entries = prepared(queries);
    const values = new Map<string, Value>();
    const valueFor = (id: string): Value => {
      const known = values.get(id);
      if (known !== undefined) return known;
      const entry = entries.get(id);
      if (entry === undefined) throw invalid(`${id} stands in an expression where a value should.`);
      const { query, tree, periodSeconds } = entry;
      const scope: Scope = {
        value: valueFor,
        metrics: (part) =>
          queries
            .filter(({ stat, id: other }) => stat !== undefined && other.includes(part))
            .map(({ id: other }) => valueFor(other) as Single),
        periods: periodsOf(from, to, periodSeconds),
        periodSeconds,
      };
      const value = tree === undefined ? this.#read(query.stat!, from, to) : evaluate(tree, scope);
      values.set(id, value);
      return value;
    };
    return queries.flatMap((query) => {
      if (query.returnData === false) return [];
      const { periodSeconds } = entries.get(query.id)!;
      const value = valueFor(query.id);
      if (typeof value === 'number') {
        const message = `The expression of ${query.id} is a number; an expression returns a time series.`;
        throw new ServiceError('ValidationError', message);
      }
      const label = query.label ?? query.stat?.name ?? query.id;
      const list = isList(value) ? value.filter((one): one is TimeSeries => typeof one !== 'number') : [value];
      return list.map((series, i) => ({
        id: query.id,
        label: list.length === 1 ? label : `${label} ${i + 1}`,
        periodSeconds,
        timestamps: [...series.keys()],
        values: [...series.values()],
      }));
    });
  }

  #read({ statistic, periodSeconds, ...metric }: MetricStat, from: number, to: number): TimeSeries {
    const of = statisticOf(statistic)!;
    const periods = this.#store.read({ ...metric, periodSeconds, from, to });
    return new Map([...periods].map(([time, distribution]) => [time, of(distribution)] as const));
  }
}

/** What is wrong with queries, in one sentence each; nothing is read. */
export function queryProblems(queries: readonly MetricDataQuery[]): string[] {
  try {
    prepared(queries);
    return [];
  } catch (error) {
    if (error instanceof ServiceError) return [error.message];
    throw error;
  }
}

interface Prepared {
  readonly query: MetricDataQuery;
  readonly tree: Node | undefined;
  readonly periodSeconds: number;
}

function prepared(queries: readonly MetricDataQuery[]): Map<string, Prepared> {
  const entries = new Map<string, Prepared>();
  for (const query of queries) {
    const { id, stat, expression } = query;
    if (!ID.test(id)) throw invalid(`The id ${id} must begin with a lower-case letter, of letters, digits and _.`);
    if (entries.has(id)) throw invalid(`The id ${id} is there twice.`);
    if ((stat === undefined) === (expression === undefined)) {
      throw invalid(`The query ${id} must have either a metric or an expression.`);
    }
    if (stat !== undefined) checkStat(id, stat);
    const tree = expression === undefined ? undefined : parse(expression);
    entries.set(id, { query, tree, periodSeconds: stat?.periodSeconds ?? 0 });
  }
  const stats = queries.flatMap(({ stat }) => stat?.periodSeconds ?? []);
  const visiting = new Set<string>();
  const periodOf = (id: string): number => {
    const { query, tree, periodSeconds } = entries.get(id)!;
    if (periodSeconds > 0 || tree === undefined) return periodSeconds;
    if (visiting.has(id)) throw invalid(`The expression ${query.expression} refers to itself.`);
    visiting.add(id);
    const used = namesIn(tree).filter((name) => !KEYWORDS.has(name));
    for (const name of used) {
      if (!entries.has(name))
        throw invalid(`The expression ${query.expression} refers to ${name}, which is not there.`);
    }
    const periods = used.map(periodOf);
    const period = query.periodSeconds ?? Math.max(...(periods.length > 0 ? periods : stats), 0);
    entries.set(id, { query, tree, periodSeconds: period || 60 });
    return period || 60;
  };
  for (const id of entries.keys()) periodOf(id);
  return entries;
}

function checkStat(id: string, { statistic, periodSeconds }: MetricStat): void {
  if (statisticOf(statistic) === undefined) {
    throw invalid(
      `The statistic ${statistic} of ${id} is not supported here: use Sum, Average, Minimum, Maximum, SampleCount or a percentile such as p90.`,
    );
  }
  const fine = [10, 20, 30].includes(periodSeconds);
  if (!fine && !(periodSeconds > 0 && periodSeconds % 60 === 0)) {
    throw invalid(`The period ${periodSeconds} of ${id} must be 10, 20, 30 or a multiple of 60 seconds.`);
  }
}

function periodsOf(from: number, to: number, seconds: number): number[] {
  const periods: number[] = [];
  for (let time = startOf(from, seconds); time < to; time += seconds * 1_000) periods.push(time);
  return periods;
}

const invalid = (message: string): ServiceError => new ServiceError('ValidationError', message);
