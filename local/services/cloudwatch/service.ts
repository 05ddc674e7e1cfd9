import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessRequest } from '../../access/caller.ts';
import { type JsonObject, type JsonService, ServiceError } from '../service.ts';
import { isSqliteFault } from '../sqlite.ts';
import { AlarmStore } from './alarm-store.ts';
import { Alarms } from './alarms.ts';
import { type Operation, operationsOf } from './api/operations.ts';
import { distributionOf } from './distribution.ts';
import { MetricData } from './metric-data.ts';
import { notificationOf } from './notification.ts';
import { MetricStore } from './store.ts';
import type {
  Alarm,
  AlarmDefinition,
  AlarmHistoryItem,
  AlarmTransition,
  CloudWatch,
  Dashboard,
  MetricDataRequest,
  MetricName,
  Observation,
  Series,
} from './types.ts';

export interface CloudWatchOptions {
  readonly account: string;
  readonly region: string;
  readonly stateDir: string;
  /** Publishes to a topic, as CloudWatch. @throws ServiceError */
  readonly publish: (topicArn: string, subject: string, message: string) => void;
  readonly log: (line: string) => void;
}

const EVALUATE_EVERY_MS = 5_000;
const SAMPLE_EVERY_MS = 10_000;
const STOP_LIMIT_MS = 2_000;
const HISTORY_LIMIT = 1_000;

/** CloudWatch: metrics, metric math, alarms and dashboards. */
export class CloudWatchService implements CloudWatch, JsonService {
  /** The signing name; actions begin with `cloudwatch:`. */
  readonly name = 'monitoring';
  readonly #options: CloudWatchOptions;
  readonly #store: MetricStore;
  readonly #alarmStore: AlarmStore;
  readonly #data: MetricData;
  readonly #alarms: Alarms;
  readonly #dashboards = new Map<string, Dashboard>();
  readonly #operations: Readonly<Record<string, Operation>>;
  readonly #samples: (() => Promise<void>)[] = [];
  readonly #sampling = new Set<Promise<void>>();
  #timers: NodeJS.Timeout[] = [];
  #stopped = false;

  constructor(options: CloudWatchOptions) {
    const { account, region, stateDir, publish, log } = options;
    this.#options = options;
    this.#store = new MetricStore({ file: join(stateDir, 'metrics.sqlite'), log });
    this.#alarmStore = new AlarmStore(join(stateDir, 'alarms.sqlite'));
    this.#data = new MetricData(this.#store);
    this.#alarms = new Alarms({
      store: this.#alarmStore,
      data: this.#data,
      log,
      act: (action, transition) => {
        const { subject, message } = notificationOf(transition, account, region);
        publish(action, subject, message);
      },
    });
    this.#operations = operationsOf({
      cloudWatch: this,
      store: this.#store,
      alarms: this.#alarms,
      data: this.#data,
      account,
      region,
    });
  }

  /** Has metrics taken every ten seconds, once it is started. */
  addSample(take: () => Promise<void>): void {
    this.#samples.push(take);
  }

  /** Takes samples and evaluates alarms from now on. */
  start(): void {
    this.#alarms.begin();
    const sample = (): void => {
      for (const take of this.#samples) {
        const taken = take()
          .catch((error: Error) => {
            if (!this.#stopped) this.#options.log(`Metrics are missing: ${error.message}`);
          })
          .finally(() => this.#sampling.delete(taken));
        this.#sampling.add(taken);
      }
    };
    sample();
    this.#timers = [
      setInterval(sample, SAMPLE_EVERY_MS).unref(),
      setInterval(() => this.evaluateAlarms(), EVALUATE_EVERY_MS).unref(),
    ];
  }

  /** Ends sampling and evaluation, before what is sampled is closed. Metrics are taken in until `close`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.race([Promise.all(this.#sampling), sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  }

  close(): void {
    this.#store.close();
    this.#alarmStore.close();
  }

  evaluateAlarms(): void {
    try {
      this.#alarms.evaluate();
    } catch (error) {
      if (!isSqliteFault(error)) throw error;
      this.#options.log(`Alarms are not evaluated: ${(error as Error).message}`);
    }
  }

  put({ value, unit = 'None', time = Date.now(), ...metric }: Observation): void {
    const values = distributionOf(typeof value === 'number' ? [value] : value);
    if (values !== undefined) this.#store.put(metric, unit, values, time);
  }

  metricData(request: MetricDataRequest): Series[] {
    return this.#data.series(request);
  }

  metrics(namespace?: string): MetricName[] {
    return this.#store.metrics(namespace);
  }

  alarms(): Alarm[] {
    return this.#alarms.all();
  }

  alarmHistory(name?: string, limit = HISTORY_LIMIT): AlarmHistoryItem[] {
    return this.#alarms.history(name, limit);
  }

  onAlarm(listener: (transition: AlarmTransition) => void): () => void {
    return this.#alarms.onTransition(listener);
  }

  dashboards(): Dashboard[] {
    return [...this.#dashboards.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  dashboard(name: string): Dashboard | undefined {
    return this.#dashboards.get(name);
  }

  putDashboard(name: string, body: string): void {
    const arn = `arn:aws:cloudwatch::${this.#options.account}:dashboard/${name}`;
    this.#dashboards.set(name, { name, arn, body, modified: Date.now() });
  }

  removeDashboard(name: string): void {
    this.#dashboards.delete(name);
  }

  alarmArn(name: string): string {
    return `arn:aws:cloudwatch:${this.#options.region}:${this.#options.account}:alarm:${name}`;
  }

  /** @throws Error when the rule of a composite alarm is not valid */
  putAlarm(alarm: AlarmDefinition): void {
    this.#alarms.put(alarm);
  }

  removeAlarm(name: string): void {
    this.#alarms.remove(name);
  }

  access(operation: string, input: JsonObject): readonly AccessRequest[] {
    const action = `cloudwatch:${operation}`;
    return this.#operation(operation)
      .access(input)
      .map((access) => ({ action, ...access }));
  }

  async call(operation: string, input: JsonObject): Promise<JsonObject> {
    return withSeconds(this.answer(operation, input)) as JsonObject;
  }

  /** As `call`, with times as `Date`, as each protocol writes them in its way. */
  answer(operation: string, input: JsonObject): JsonObject {
    return this.#operation(operation).call(input);
  }

  #operation(name: string): Operation {
    const found = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
    if (found !== undefined) return found;
    throw new ServiceError('UnknownOperationException', `The local CloudWatch does not have the operation ${name}.`);
  }
}

/** Times as seconds, as the JSON protocol has them. */
export function withSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1_000;
  if (Array.isArray(value)) return value.map(withSeconds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withSeconds(one)]));
}
