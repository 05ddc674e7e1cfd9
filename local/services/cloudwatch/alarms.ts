import { ServiceError } from '../service.ts';
import { COMPARISONS, evaluateReadings, evaluationRange, type Point, reasonOf } from './alarm-evaluation.ts';
import type { AlarmStore } from './alarm-store.ts';
import { type CompositeRule, compositeRule } from './composite-rule.ts';
import type { MetricData } from './metric-data.ts';
import { startOf } from './store.ts';
import type {
  Alarm,
  AlarmDefinition,
  AlarmHistoryItem,
  AlarmState,
  AlarmStateValue,
  AlarmTransition,
  CompositeAlarm,
  MetricAlarm,
} from './types.ts';

export interface AlarmsOptions {
  readonly store: AlarmStore;
  readonly data: Pick<MetricData, 'series'>;
  /** Carries out an action of an alarm, such as publishing to the topic of the ARN. */
  readonly act: (action: string, transition: AlarmTransition) => void;
  readonly log: (line: string) => void;
  /** @default - the clock */
  readonly now?: () => number;
}

/** How long a period's late values are waited for. */
const SETTLE_MS = 1_000;
/** Of periods that passed unseen while this process stood still. */
const MISSED_PERIODS = 10;

interface Entry {
  readonly definition: AlarmDefinition;
  readonly rule: CompositeRule | undefined;
  state: AlarmState;
  /** The end of the last period that was evaluated. */
  evaluatedTo?: number;
}

type Judgement = Pick<AlarmState, 'value' | 'reason' | 'reasonData'>;

/** Alarms of the templates, and where they stand. */
export class Alarms {
  readonly #options: AlarmsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(transition: AlarmTransition) => void>();
  readonly #now: () => number;
  #since: number;

  constructor(options: AlarmsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#since = this.#now();
  }

  /** Measured is from now on: a start may take longer than the periods of an alarm. */
  begin(): void {
    this.#since = this.#now();
  }

  /** Declares an alarm; one of the same name is replaced and keeps its state. @throws Error when its rule is not valid */
  put(definition: AlarmDefinition): void {
    const { name, kind } = definition;
    const rule = kind === 'composite' ? compositeRule(definition.rule) : undefined;
    const { store } = this.#options;
    const known = store.state(name);
    const now = this.#now();
    const state: AlarmState = known ?? {
      value: 'INSUFFICIENT_DATA',
      reason: 'Unchecked: Initial alarm creation',
      reasonData: {},
      updated: now,
      transitioned: now,
    };
    if (known === undefined) {
      store.putState(name, state);
      const data = JSON.stringify({ version: '1.0', type: 'Create', createdAlarm: definition });
      const summary = `Alarm "${name}" created`;
      store.addHistory({ alarm: name, kind, time: now, type: 'ConfigurationUpdate', summary, data });
    }
    this.#entries.set(name, { definition, rule, state });
  }

  remove(name: string): void {
    this.#entries.delete(name);
    this.#options.store.deleteState(name);
  }

  all(): Alarm[] {
    return [...this.#entries.values()]
      .map(({ definition, state }) => ({ ...definition, state }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  history(name: string | undefined, limit: number): AlarmHistoryItem[] {
    return this.#options.store.history(name, limit);
  }

  onTransition(listener: (transition: AlarmTransition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Until the next evaluation finds otherwise. @throws ServiceError ResourceNotFound */
  set(name: string, value: AlarmStateValue, reason: string, reasonData: Readonly<Record<string, unknown>>): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new ServiceError('ResourceNotFound', `The alarm ${name} does not exist.`, 404);
    this.#enter(entry, { value, reason, reasonData });
  }

  /**
   * Evaluates every alarm, those of alarms after those of metrics. What one of them fails with is told, once a text. Each
   * period is evaluated, however late: what lasted for one alone is seen as well.
   */
  evaluate(): void {
    const entries = [...this.#entries.values()];
    for (const entry of entries) {
      const { definition } = entry;
      if (definition.kind !== 'metric') continue;
      for (const to of this.#endsOfPeriods(entry, definition)) {
        this.#attempt(entry, definition, (alarm) => this.#judge(alarm, to, entry.state.value));
      }
    }
    for (const entry of entries) {
      if (entry.definition.kind === 'composite')
        this.#attempt(entry, entry.definition, (alarm) => this.#judgeComposite(alarm, entry.rule!));
    }
  }

  /** The end of the newest period, after those of the periods since the last evaluation. */
  #endsOfPeriods(entry: Entry, { periodSeconds }: MetricAlarm): number[] {
    const period = periodSeconds * 1_000;
    const newest = startOf(this.#now() - SETTLE_MS, periodSeconds);
    const missed = Math.max(0, Math.round((newest - (entry.evaluatedTo ?? newest)) / period) - 1);
    entry.evaluatedTo = newest;
    const unseen = Math.min(missed, MISSED_PERIODS);
    return Array.from({ length: unseen + 1 }, (_, i) => newest - (unseen - i) * period);
  }

  #attempt<A extends AlarmDefinition>(entry: Entry, alarm: A, judge: (alarm: A) => Judgement | undefined): void {
    let judgement: Judgement | undefined;
    try {
      judgement = judge(alarm);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      judgement = { value: 'INSUFFICIENT_DATA', reason: error.message, reasonData: {} };
      if (entry.state.reason !== error.message)
        this.#options.log(`The alarm ${alarm.name} cannot be evaluated: ${error.message}`);
    }
    if (judgement === undefined) return;
    const changed = judgement.value !== entry.state.value;
    if (changed) this.#enter(entry, judgement);
    else if (judgement.reason !== entry.state.reason)
      entry.state = { ...entry.state, ...judgement, updated: this.#now() };
  }

  #judge(alarm: MetricAlarm, to: number, current: AlarmStateValue): Judgement | undefined {
    const { periodSeconds, evaluationPeriods, threshold, comparison, metrics } = alarm;
    const period = periodSeconds * 1_000;
    const from = to - evaluationRange(alarm) * period;
    const [series] = this.#options.data.series({ queries: metrics, from, to });
    const values = new Map(series?.timestamps.map((time, i) => [time, series.values[i]!]));
    const times = Array.from({ length: evaluationRange(alarm) }, (_, i) => from + i * period);
    const { holds } = COMPARISONS[comparison]!;
    const readings = times.map((time) => (values.has(time) ? holds(values.get(time)!, threshold) : undefined));
    const { value, filled } = evaluateReadings(
      readings,
      alarm,
      this.#missingData(alarm, to - evaluationPeriods * period),
    );
    if (value === undefined) return undefined;
    const points: Point[] = times
      .filter((time) => values.has(time))
      .map((time) => ({ time, value: values.get(time)! }));
    const evaluated = points.slice(-evaluationPeriods);
    const stat = metrics.length === 1 ? metrics[0]!.stat : undefined;
    return {
      value,
      reason: reasonOf(alarm, current, value, evaluated, filled),
      reasonData: {
        version: '1.0',
        queryDate: awsTime(this.#now()),
        ...(points[0] && { startDate: awsTime(points[0].time) }),
        ...(stat && { statistic: stat.statistic }),
        period: periodSeconds,
        recentDatapoints: evaluated.map((point) => point.value),
        threshold,
        evaluatedDatapoints: evaluated.map((point) => ({ timestamp: awsTime(point.time), value: point.value })),
      },
    };
  }

  #missingData({ missingData, metrics }: MetricAlarm, from: number): MetricAlarm['missingData'] {
    // Such alarms ignore missing data whatever they say: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    if (metrics.length === 1 && metrics[0]!.stat?.namespace === 'AWS/DynamoDB') return 'ignore';
    // There was nobody to measure before the start.
    return missingData === 'breaching' && from < this.#since ? 'ignore' : missingData;
  }

  #judgeComposite({ rule: text }: CompositeAlarm, rule: CompositeRule): Judgement {
    const value = rule((name) => this.#entries.get(name)?.state.value) ? 'ALARM' : 'OK';
    const reason = `The rule ${text} ${value === 'ALARM' ? 'holds' : 'does not hold'}.`;
    return { value, reason, reasonData: {} };
  }

  #enter(entry: Entry, judgement: Judgement): void {
    const { definition, state: from } = entry;
    const now = this.#now();
    const changed = judgement.value !== from.value;
    const to: AlarmState = { ...judgement, updated: now, transitioned: changed ? now : from.transitioned };
    entry.state = to;
    const { store, act, log } = this.#options;
    store.putState(definition.name, to);
    if (!changed) return;
    const { name: alarm, kind } = definition;
    const told = ({ value, reason, reasonData }: AlarmState) => ({
      stateValue: value,
      stateReason: reason,
      stateReasonData: reasonData,
    });
    const data = JSON.stringify({ version: '1.0', oldState: told(from), newState: told(to) });
    const summary = `Alarm updated from ${from.value} to ${to.value}`;
    store.addHistory({ alarm, kind, time: now, type: 'StateUpdate', summary, data });
    const transition = { alarm: { ...definition, state: to }, from, to };
    for (const listener of this.#listeners) listener(transition);
    if (!definition.actionsEnabled) return;
    const actions = {
      ALARM: definition.alarmActions,
      OK: definition.okActions,
      INSUFFICIENT_DATA: definition.insufficientDataActions,
    };
    for (const action of actions[to.value]) {
      let problem: string | undefined;
      try {
        act(action, transition);
      } catch (error) {
        problem = (error as Error).message;
        log(`The alarm ${alarm} could not execute its action ${action}: ${problem}`);
      }
      const outcome =
        problem === undefined ? `Successfully executed action ${action}` : `Failed to execute action ${action}`;
      const executed = JSON.stringify({
        actionState: problem === undefined ? 'Succeeded' : 'Failed',
        notificationResource: action,
        error: problem ?? null,
      });
      store.addHistory({ alarm, kind, time: now, type: 'Action', summary: outcome, data: executed });
    }
  }
}

/** `2026-11-21T13:10:00.000+0000`, as CloudWatch writes times in reasons and notifications. */
export const awsTime = (time: number): string => new Date(time).toISOString().replace('Z', '+0000');
