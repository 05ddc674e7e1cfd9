import type { CloudWatch, MetricDataQuery, MetricName } from '../../services/cloudwatch/types.ts';
import type { Term, Total } from '../tools.ts';

/** What terms of totals are made of besides metrics. */
export interface Counted {
  /** Records that a function is through with since the start; of streams those that arrived since, too. */
  taken(functionName: string, from: 'streams' | 'topics'): number;
  /** By what metrics the cluster tells how many records readers of topics are behind. */
  behind(who: 'functions' | 'connectors'): readonly MetricName[];
}

const PERIOD_MS = 10_000;
/** From when on a metric is summed up: its period begins then. */
export const countedFrom = (since: number): number => Math.floor(since / PERIOD_MS) * PERIOD_MS;
/** What is put later does not count. */
const SETTLED_MS = 60_000;
const LATEST_WITHIN_MS = 86_400_000;
const BEHIND_WITHIN_MS = 60_000;
const EVERY_MS = 2_000;

/** Name -> value; null while nothing was measured. */
export type TotalValues = Readonly<Record<string, number | null>>;

/** Sums of metrics from a moment on. What has settled is read once. */
export class Totals {
  readonly #metrics: Pick<CloudWatch, 'metricData'>;
  readonly #counted: Counted;
  readonly #totals: readonly Total[];
  readonly #settled = new Map<string, number>();
  readonly #sums: readonly MetricName[];
  readonly #grown = new Map<string, number>();
  #settledUpTo: number;
  #last: { readonly at: number; readonly values: TotalValues } | undefined;

  /** @param since epoch milliseconds */
  constructor(
    metrics: Pick<CloudWatch, 'metricData'>,
    counted: Counted,
    { totals, since }: { readonly totals: readonly Total[]; readonly since: number },
  ) {
    this.#metrics = metrics;
    this.#counted = counted;
    this.#totals = totals;
    this.#settledUpTo = countedFrom(since);
    const terms = totals.flatMap(({ plus, minus = [] }) => [...plus, ...minus]);
    const named = terms.flatMap((term) => (term.kind === 'sum' ? [[keyOf(term.metric), term.metric] as const] : []));
    this.#sums = [...new Map(named).values()];
  }

  /** @param now epoch milliseconds */
  values(now: number): TotalValues {
    if (this.#last !== undefined && now - this.#last.at < EVERY_MS) return this.#last.values;
    const unsettled = this.#settle(now);
    const value = (term: Term): number | null => {
      switch (term.kind) {
        case 'sum':
          return (this.#settled.get(keyOf(term.metric)) ?? 0) + (unsettled.get(keyOf(term.metric)) ?? 0);
        case 'taken':
          return this.#counted.taken(term.functionName, term.from);
        case 'behind':
          return this.#counted
            .behind(term.who)
            .reduce((sum, metric) => sum + (this.#newest(metric, now, BEHIND_WITHIN_MS) ?? 0), 0);
        case 'latest':
          return this.#newest(term.metric, now, LATEST_WITHIN_MS);
      }
    };
    const values = this.#totals.map(({ name, plus, minus = [], grows = false }) => {
      const [added, taken] = [plus, minus].map((terms) => terms.map(value));
      if ([...added!, ...taken!].includes(null)) return [name, null] as const;
      const found = Math.max(0, sumOf(added!) - sumOf(taken!), grows ? (this.#grown.get(name) ?? 0) : 0);
      this.#grown.set(name, found);
      return [name, found] as const;
    });
    this.#last = { at: now, values: Object.fromEntries(values) };
    return this.#last.values;
  }

  /** @returns the sums of what is not settled */
  #settle(now: number): ReadonlyMap<string, number> {
    const settled = Math.floor((now - SETTLED_MS) / PERIOD_MS) * PERIOD_MS;
    if (settled > this.#settledUpTo) {
      for (const [key, sum] of this.#read(this.#settledUpTo, settled)) {
        this.#settled.set(key, (this.#settled.get(key) ?? 0) + sum);
      }
      this.#settledUpTo = settled;
    }
    return this.#read(this.#settledUpTo, now + 1);
  }

  #read(from: number, to: number): ReadonlyMap<string, number> {
    const queries = this.#sums.map((metric, at) => queryOf(metric, `m${at}`, 'Sum'));
    const series = this.#metrics.metricData({ queries, from, to });
    return new Map(series.map(({ id, values }) => [keyOf(this.#sums[Number(id.slice(1))]!), sumOf(values)]));
  }

  #newest(metric: MetricName, now: number, withinMs: number): number | null {
    const queries = [queryOf(metric, 'm', 'Maximum')];
    const [series] = this.#metrics.metricData({ queries, from: now - withinMs, to: now + 1 });
    return series?.values.at(-1) ?? null;
  }
}

const queryOf = (metric: MetricName, id: string, statistic: string): MetricDataQuery => ({
  id,
  stat: { ...metric, statistic, periodSeconds: PERIOD_MS / 1_000 },
});

const keyOf = ({ namespace, name, dimensions }: MetricName): string => JSON.stringify([namespace, name, dimensions]);
const sumOf = (values: readonly (number | null)[]): number => values.reduce<number>((sum, one) => sum + (one ?? 0), 0);
