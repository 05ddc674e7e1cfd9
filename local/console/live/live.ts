import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecorder } from '../../access/recorder.ts';
import type { CloudWatch, MetricDataQuery, Series } from '../../services/cloudwatch/types.ts';
import type { Events, Route } from '../http.ts';
import type { PipelineTopology } from '../topology/topology.ts';
import { CallRates, type WatchedEdge } from './call-rates.ts';
import { type EdgeMeasures, edgeMeasures, type Measure, topicLags } from './edge-metrics.ts';
import { groupsOfTopics } from './groups.ts';
import type { ReaderOf, TakenCounts } from './taken-counts.ts';

/** What goes along an arrow now. */
export interface EdgeState {
  /** A second, over the last `windowSeconds`; null where nothing measures it. */
  readonly rate: number | null;
  readonly unit: string;
  /** Milliseconds; null where nothing was read, or nothing measures it. */
  readonly lag: number | null;
  /** In the last `windowSeconds`. */
  readonly errors: number;
  readonly health: 'ok' | 'late' | 'failing' | 'quiet';
}

export interface LiveState {
  /** Epoch milliseconds. */
  readonly time: number;
  /** Edge id -> its state. */
  readonly edges: Readonly<Record<string, EdgeState>>;
}

const EVERY_MS = 1_000;
const PERIOD_S = 10;
/** Of which the last one is not over. */
const PERIODS = 3;
const LATE_MS = 30_000;

export interface LiveSources {
  readonly metrics: Pick<CloudWatch, 'metricData'>;
  readonly calls: Pick<CallRecorder, 'onCall'>;
  readonly taken: Pick<TakenCounts, 'rate'>;
}

interface MeasuredEdge {
  readonly id: string;
  readonly measures: EdgeMeasures;
  /** Functions that read, whose records are counted. */
  readonly readers: readonly ReaderOf[];
}

/** Looks at the metrics of every arrow once a second, however many pages listen. */
export class Live {
  readonly #metrics: Pick<CloudWatch, 'metricData'>;
  readonly #taken: Pick<TakenCounts, 'rate'>;
  readonly #edges: readonly MeasuredEdge[];
  readonly #more: (now: number) => object;
  readonly #calls: CallRates;
  #last: { readonly at: number; readonly state: LiveState } | undefined;

  /** @param more members of each event besides */
  constructor({ metrics, calls, taken }: LiveSources, pipeline: PipelineTopology, more: (now: number) => object) {
    this.#metrics = metrics;
    this.#taken = taken;
    this.#more = more;
    const { cluster } = pipeline;
    const { nodes, edges } = pipeline.topology;
    const members = new Map(nodes.map((node) => [node.id, pipeline.actors(node)]));
    const groups = groupsOfTopics(pipeline.resources);
    this.#edges = edges.map(({ id, from, to, how }): MeasuredEdge => {
      const into = members.get(to)!.map(({ resource }) => resource);
      const measures = edgeMeasures(into, cluster);
      const source = nodes.find((node) => node.id === from)!;
      const read = groups.filter(({ reader }) => into.includes(reader));
      const isRead = how === 'reads';
      const ofTopics = isRead && source.type === 'AWS::MSK::Topic' && cluster !== undefined;
      const isFunction = isRead && into.every(({ type }) => type === 'AWS::Lambda::Function');
      return {
        id,
        // How late a function reads says nothing of those that call it, or of what it looks up.
        measures: { ...measures, lag: ofTopics ? topicLags(read, cluster) : isRead ? measures.lag : [] },
        readers: isFunction
          ? into.flatMap(({ ref }) => source.members.map(({ name }) => ({ functionName: ref, source: name })))
          : [],
      };
    });
    const watched = edges.flatMap(({ id, from, to, how }): WatchedEdge[] => {
      if (how === 'reads') return [];
      const [by, on] = how === 'asks' ? [to, from] : [from, to];
      const hasRole = members.get(by)!.some(({ role }) => role !== undefined);
      const measures = this.#edges.find((edge) => edge.id === id)!.measures;
      // What counts its records itself tells more than calls do.
      if (!hasRole || (how === 'writes' && measures.rate.length > 0)) return [];
      return [{ id, how, by: members.get(by)!, on: members.get(on)! }];
    });
    this.#calls = new CallRates(watched);
    calls.onCall((call) => this.#calls.see(call));
  }

  route(): Route {
    return { method: 'GET', path: '/api/live', handle: ({ signal }): Events => ({ events: this.#events(signal) }) };
  }

  /** @param now epoch milliseconds */
  state(now: number): LiveState {
    if (this.#last !== undefined && now - this.#last.at < EVERY_MS / 2) return this.#last.state;
    const seen = this.#read(now);
    const edges = this.#edges.map(({ id, measures, readers }) => {
      const counted =
        readers.length > 0
          ? { rate: this.#taken.rate(readers, now), unit: 'records' }
          : { rate: this.#calls.rate(id, now), unit: 'calls' };
      return [id, edgeState(measures, seen, now, counted)] as const;
    });
    const state = { time: now, edges: Object.fromEntries(edges), ...this.#more(now) };
    this.#last = { at: now, state };
    return state;
  }

  async *#events(signal: AbortSignal): AsyncGenerator<object> {
    while (!signal.aborted) {
      yield this.state(Date.now());
      await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  #read(now: number): ReadonlyMap<string, Series> {
    const asked = new Map(
      this.#edges
        .flatMap(({ measures: { rate, lag, errors } }) => [...rate, ...lag, ...errors])
        .map((measure) => [nameOf(measure), measure]),
    );
    const names = [...asked.keys()];
    const queries = names.map((name, at): MetricDataQuery => {
      const { statistic, factor: _, ...metric } = asked.get(name)!;
      return { id: `m${at}`, label: name, stat: { ...metric, statistic, periodSeconds: PERIOD_S } };
    });
    const from = (Math.floor(now / 1_000 / PERIOD_S) - (PERIODS - 1)) * PERIOD_S * 1_000;
    return new Map(this.#metrics.metricData({ queries, from, to: now + 1 }).map((series) => [series.label, series]));
  }
}

const nameOf = ({ namespace, name, dimensions, statistic }: Measure): string =>
  JSON.stringify([namespace, name, dimensions, statistic]);

function edgeState(
  { rate, unit, lag, errors }: EdgeMeasures,
  seen: ReadonlyMap<string, Series>,
  now: number,
  counted: { readonly rate: number | undefined; readonly unit: string },
): EdgeState {
  const valuesOf = (measure: Measure) => seen.get(nameOf(measure))?.values ?? [];
  const failed = errors.flatMap(valuesOf).reduce((sum, value) => sum + value, 0);
  const lags = lag.flatMap((measure) =>
    valuesOf(measure)
      .slice(-1)
      .map((value) => value * (measure.factor ?? 1)),
  );
  const measured = rate.length === 0 ? null : rate.reduce((sum, one) => sum + ratePerSecond(one, seen, now), 0);
  const perSecond = counted.rate ?? measured;
  const oldest = lags.length === 0 ? null : Math.max(...lags);
  const late = oldest !== null && oldest > LATE_MS;
  const health = failed > 0 ? 'failing' : late ? 'late' : perSecond ? 'ok' : 'quiet';
  const told = counted.rate === undefined ? unit : counted.unit;
  return { rate: perSecond, unit: told, lag: oldest, errors: failed, health };
}

/** An average is one already; a sum is spread over the time since its first period began. */
function ratePerSecond(measure: Measure, seen: ReadonlyMap<string, Series>, now: number): number {
  const { timestamps, values } = seen.get(nameOf(measure)) ?? { timestamps: [], values: [] };
  if (values.length === 0) return 0;
  if (measure.statistic === 'Average') return values.at(-1)!;
  const began = (Math.floor(now / 1_000 / PERIOD_S) - 1) * PERIOD_S * 1_000;
  const recent = values.filter((_, at) => timestamps[at]! >= began).reduce((sum, value) => sum + value, 0);
  return recent / Math.max(1, (now - began) / 1_000);
}
