import type { AccessRequest } from '../../access/caller.ts';
import { dataPointsOf } from '../cloudwatch/emf.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import { type JsonObject, type JsonService, ServiceError } from '../service.ts';
import { isSqliteFault } from '../sqlite.ts';
import { filterOf } from './filter-pattern.ts';
import { type LogEvent, LogStore } from './store.ts';

export interface LogsOptions {
  /** The SQLite file. */
  readonly file: string;
  readonly account: string;
  readonly region: string;
  /** Told what lines in the embedded metric format measure. @default - nobody is */
  readonly metrics?: MetricSink;
}

/** Told of each line of a group, and its time in milliseconds. */
export type MetricFilter = (message: string, time: number) => void;

const TRIM_EVERY_MS = 86_400_000;
const PAGE = 10_000;
const GROUP_PAGE = 50;

type Input = Readonly<JsonObject>;

/** CloudWatch Logs: groups, streams and events in SQLite. */
export class LogsService implements JsonService {
  readonly name = 'logs';
  readonly store: LogStore;
  readonly #arnPrefix: string;
  readonly #metrics: MetricSink | undefined;
  readonly #metricFilters = new Map<string, Map<string, MetricFilter>>();
  readonly #trimming: NodeJS.Timeout;
  #closed = false;
  /** Those that are known to be there, so that a line costs no look-up. */
  readonly #streams = new Set<string>();
  readonly #operations: Readonly<Record<string, (input: Input) => JsonObject>> = {
    CreateLogGroup: (input) => this.#createGroup(input),
    CreateLogStream: (input) => this.#createStream(input),
    DescribeLogGroups: (input) => this.#describeGroups(input),
    DescribeLogStreams: (input) => this.#describeStreams(input),
    FilterLogEvents: (input) => this.#filterEvents(input),
    GetLogEvents: (input) => this.#getEvents(input),
    PutLogEvents: (input) => this.#putEvents(input),
  };

  constructor({ file, account, region, metrics }: LogsOptions) {
    this.store = new LogStore(file);
    this.#metrics = metrics;
    this.#arnPrefix = `arn:aws:logs:${region}:${account}:log-group:`;
    this.store.trim(Date.now());
    this.#trimming = setInterval(() => unlessDiskFails(() => this.store.trim(Date.now())), TRIM_EVERY_MS).unref();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#trimming);
    this.store.close();
  }

  /** As the console and `Fn::GetAtt Arn` give it: with `:*` at its end. */
  arn(group: string): string {
    return `${this.#arnPrefix}${group}:*`;
  }

  streamArn(group: string, stream: string): string {
    return `${this.#arnPrefix}${group}:log-stream:${stream}`;
  }

  /**
   * One line; its stream is made if need be, and what it measures is told, if it is in the embedded metric format.
   * Time in milliseconds. What cannot be stored, or comes after `close`, is lost: whoever is logged about goes on.
   */
  write(group: string, stream: string, message: string, time: number = Date.now()): void {
    if (!this.#closed) unlessDiskFails(() => this.#write(group, stream, message, time));
  }

  #write(group: string, stream: string, message: string, time: number): void {
    const known = `${group}\n${stream}`;
    if (!this.#streams.has(known)) {
      this.store.putStream(group, stream);
      this.#streams.add(known);
    }
    this.store.append(group, stream, message, time);
    for (const { values, ...point } of dataPointsOf(message)) this.#metrics?.put({ ...point, value: values });
    for (const filter of this.#metricFilters.get(group)?.values() ?? []) filter(message, time);
  }

  putMetricFilter(group: string, name: string, filter: MetricFilter): void {
    this.#metricFilters.set(group, (this.#metricFilters.get(group) ?? new Map()).set(name, filter));
  }

  removeMetricFilter(name: string): void {
    for (const filters of this.#metricFilters.values()) filters.delete(name);
  }

  access(operation: string, input: JsonObject): readonly AccessRequest[] {
    this.#operation(operation);
    const group = groupOf(input);
    const stream = input['logStreamName'];
    const resource = this.streamArn(group ?? '*', typeof stream === 'string' ? stream : '');
    return [{ action: `logs:${operation}`, resource }];
  }

  async call(operation: string, input: JsonObject): Promise<JsonObject> {
    return this.#operation(operation)(input);
  }

  #operation(name: string): (input: Input) => JsonObject {
    const found = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
    if (found !== undefined) return found;
    throw new ServiceError('UnknownOperationException', `The local CloudWatch Logs do not have the operation ${name}.`);
  }

  #createGroup(input: Input): JsonObject {
    const name = required(input, 'logGroupName');
    if (this.store.groups(name).some((group) => group.name === name)) throw exists('log group');
    this.store.putGroup(name, null);
    return {};
  }

  #createStream(input: Input): JsonObject {
    const group = this.#existingGroup(input);
    if (!this.store.putStream(group, required(input, 'logStreamName'))) throw exists('log stream');
    return {};
  }

  #describeGroups(input: Input): JsonObject {
    const after = String(input['nextToken'] ?? '');
    const all = this.store.groups(String(input['logGroupNamePrefix'] ?? '')).filter(({ name }) => name > after);
    const page = all.slice(0, Number(input['limit'] ?? GROUP_PAGE));
    return {
      logGroups: page.map(({ name, created, retentionDays }) => ({
        logGroupName: name,
        creationTime: created,
        ...(retentionDays === null ? {} : { retentionInDays: retentionDays }),
        arn: this.arn(name),
        logGroupArn: this.#arnPrefix + name,
        metricFilterCount: this.#metricFilters.get(name)?.size ?? 0,
      })),
      ...(page.length < all.length ? { nextToken: page.at(-1)!.name } : {}),
    };
  }

  #describeStreams(input: Input): JsonObject {
    const group = this.#existingGroup(input);
    const all = this.store.streams(group, String(input['logStreamNamePrefix'] ?? ''));
    if (input['orderBy'] === 'LastEventTime') all.sort((a, b) => (a.last ?? 0) - (b.last ?? 0));
    if (input['descending'] === true) all.reverse();
    const start = Number(input['nextToken'] ?? 0);
    const end = start + Number(input['limit'] ?? GROUP_PAGE);
    return {
      logStreams: all.slice(start, end).map(({ name, created, first, last }) => ({
        logStreamName: name,
        creationTime: created,
        ...(first === null || last === null
          ? {}
          : { firstEventTimestamp: first, lastEventTimestamp: last, lastIngestionTime: last }),
        arn: this.streamArn(group, name),
      })),
      ...(end < all.length ? { nextToken: String(end) } : {}),
    };
  }

  #getEvents(input: Input): JsonObject {
    const group = this.#existingGroup(input);
    const [, direction, id] = /^([fb])\/(\d+)$/.exec(String(input['nextToken'] ?? '')) ?? [];
    const events = this.store.events({
      group,
      streams: [required(input, 'logStreamName')],
      ...times(input),
      ...(direction === 'f' ? { afterId: Number(id) } : {}),
      ...(direction === 'b' ? { beforeId: Number(id) } : {}),
      newest: direction === undefined ? input['startFromHead'] !== true : direction === 'b',
      limit: Number(input['limit'] ?? PAGE),
    });
    return {
      events: events.map(({ time, ingested, message }) => ({ timestamp: time, message, ingestionTime: ingested })),
      nextForwardToken: `f/${events.at(-1)?.id ?? id ?? 0}`,
      nextBackwardToken: `b/${events[0]?.id ?? id ?? 0}`,
    };
  }

  #filterEvents(input: Input): JsonObject {
    const group = this.#existingGroup(input);
    const matches = filterOf(String(input['filterPattern'] ?? ''));
    const streams = input['logStreamNames'];
    const limit = Number(input['limit'] ?? PAGE);
    const found: LogEvent[] = [];
    let afterId = Number(input['nextToken'] ?? 0);
    for (;;) {
      const page = this.store.events({
        group,
        ...(Array.isArray(streams) ? { streams: streams.map(String) } : {}),
        streamPrefix: String(input['logStreamNamePrefix'] ?? ''),
        ...times(input),
        afterId,
        limit: PAGE,
      });
      for (const event of page) {
        afterId = event.id;
        if (matches(event.message) && found.push(event) === limit) break;
      }
      if (found.length === limit || page.length < PAGE) break;
    }
    return {
      events: found.map(({ id, stream, time, ingested, message }) => ({
        logStreamName: stream,
        timestamp: time,
        message,
        ingestionTime: ingested,
        eventId: String(id),
      })),
      searchedLogStreams: [],
      ...(found.length === limit ? { nextToken: String(afterId) } : {}),
    };
  }

  #putEvents(input: Input): JsonObject {
    const group = this.#existingGroup(input);
    const stream = required(input, 'logStreamName');
    if (!this.store.streams(group, stream).some(({ name }) => name === stream)) throw missing('log stream');
    for (const event of (input['logEvents'] ?? []) as readonly { timestamp: number; message: string }[]) {
      this.#write(group, stream, event.message, event.timestamp);
    }
    return {};
  }

  #existingGroup(input: Input): string {
    const group = groupOf(input);
    if (group === undefined) throw new ServiceError('InvalidParameterException', 'A log group must be named.');
    if (!this.store.groups(group).some(({ name }) => name === group)) throw missing('log group');
    return group;
  }
}

function unlessDiskFails(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isSqliteFault(error)) throw error;
  }
}

function groupOf({ logGroupName, logGroupIdentifier }: Input): string | undefined {
  const named = logGroupName ?? logGroupIdentifier;
  if (typeof named !== 'string') return undefined;
  return named.startsWith('arn:') ? named.split(':')[6] : named;
}

function times({ startTime, endTime }: Input): { from?: number; to?: number } {
  return {
    ...(typeof startTime === 'number' ? { from: startTime } : {}),
    ...(typeof endTime === 'number' ? { to: endTime } : {}),
  };
}

function required(input: Input, member: string): string {
  const value = input[member];
  if (typeof value === 'string' && value !== '') return value;
  throw new ServiceError('InvalidParameterException', `${member} must be given.`);
}

const exists = (what: string) =>
  new ServiceError('ResourceAlreadyExistsException', `The specified ${what} already exists`);
const missing = (what: string) =>
  new ServiceError('ResourceNotFoundException', `The specified ${what} does not exist.`);
