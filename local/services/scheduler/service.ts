import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller, Identities } from '../../access/caller.ts';
import { putSchedule } from '../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import { type FrontDoor, type JsonObject, ServiceError } from '../service.ts';
import { type Timetable, timetable } from './expression.ts';

export interface ScheduleDefinition {
  readonly name: string;
  readonly group: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly enabled: boolean;
  readonly flexibleWindow: JsonObject;
  readonly target: {
    /** Of a state machine or a function. */
    readonly arn: string;
    readonly roleArn: string;
    readonly input: string;
    readonly maximumRetryAttempts: number;
    readonly maximumEventAgeSeconds: number;
    /** Of a queue. */
    readonly deadLetterArn?: string;
  };
}

export interface SchedulerOptions {
  readonly account: string;
  readonly region: string;
  readonly identities: Identities;
  readonly frontDoor: Pick<FrontDoor, 'call'>;
  /** Begins an invocation of a function, if the caller may. @throws ServiceError */
  readonly invoke: (caller: Caller, functionArn: string, payload: string) => void | Promise<void>;
  readonly log: (line: string) => void;
  /** Of the pause before the first retry. @default 1000 */
  readonly retryMs?: number;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
}

export interface Schedule extends ScheduleDefinition {
  readonly arn: string;
  readonly created: number;
}

interface Entry {
  readonly schedule: Schedule;
  readonly role: Caller;
  readonly times: Timetable;
  timer: NodeJS.Timeout | undefined;
}

const SERVICE_PRINCIPAL = 'scheduler.amazonaws.com';
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** As long as a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * EventBridge Scheduler: starts state machines and invokes functions when it is time. It fires at the beginning of a flexible window, which is
 * a time that AWS may choose as well; what fell into a time without the runtime is not made up for.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();
  #started = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Fires from now on. Before, schedules are only declared: what they start needs all that the templates have. */
  start(): void {
    this.#started = true;
    for (const entry of this.#entries.values()) this.#wait(entry, Date.now());
  }

  close(): void {
    this.#closing.abort();
    for (const { timer } of this.#entries.values()) clearTimeout(timer);
  }

  schedules(): readonly Schedule[] {
    return [...this.#entries.values()].map(({ schedule }) => schedule);
  }

  /** Declares a schedule; one of the same name is replaced. @throws Error, ServiceError when its role cannot be assumed */
  define(definition: ScheduleDefinition): Schedule {
    const { identities, account, region } = this.#options;
    const { name, group, expression, timeZone, target } = definition;
    const arn = `arn:aws:scheduler:${region}:${account}:schedule/${group}/${name}`;
    const created = Date.now();
    const times = timetable(expression, timeZone, created);
    const role = identities.assume(target.roleArn, SERVICE_PRINCIPAL);
    this.remove(arn);
    const schedule = { ...definition, arn, created };
    const entry: Entry = { schedule, role, times, timer: undefined };
    this.#entries.set(arn, entry);
    if (this.#started) this.#wait(entry, Date.now());
    return schedule;
  }

  remove(arn: string): void {
    clearTimeout(this.#entries.get(arn)?.timer);
    this.#entries.delete(arn);
  }

  /**
   * Fires a schedule as if it were that time.
   * @returns the execution's ARN, or the function's; undefined when the start was given up
   * @throws ServiceError ResourceNotFoundException
   */
  runNow(name: string, scheduled: Date = new Date()): Promise<string | undefined> {
    const entry = [...this.#entries.values()].find(({ schedule }) => schedule.name === name);
    if (entry === undefined)
      throw new ServiceError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
    return this.#fire(entry, scheduled.getTime());
  }

  #wait(entry: Entry, after: number): void {
    if (!entry.schedule.enabled) return;
    const next = entry.times.next(after);
    if (next === undefined) return;
    const wait = next - Date.now();
    entry.timer = setTimeout(
      () => {
        if (wait > LONGEST_TIMER_MS) return this.#wait(entry, after);
        void this.#fire(entry, next);
        // What fell into a time in which the machine slept is not made up for either.
        this.#wait(entry, Math.max(next, Date.now()));
      },
      Math.min(Math.max(wait, 0), LONGEST_TIMER_MS),
    ).unref();
  }

  /** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-retry-policy.html */
  async #fire({ schedule, role }: Entry, scheduled: number): Promise<string | undefined> {
    const { target, group } = schedule;
    const { metrics } = this.#options;
    const executionId = randomUUID();
    const oldest = Date.now() + target.maximumEventAgeSeconds * 1_000;
    for (let attempt = 1; ; attempt += 1) {
      const input = filled(target.input, {
        'schedule-arn': schedule.arn,
        'scheduled-time': `${new Date(scheduled).toISOString().slice(0, 19)}Z`,
        'execution-id': executionId,
        'attempt-number': String(attempt),
      });
      if (metrics !== undefined) putSchedule(metrics, group, 'InvocationAttemptCount');
      try {
        return await this.#start(role, target.arn, executionId, input);
      } catch (error) {
        if (metrics !== undefined) putSchedule(metrics, group, 'TargetErrorCount');
        const pause = Math.min(LONGEST_RETRY_MS, (this.#options.retryMs ?? RETRY_MS) * 2 ** (attempt - 1));
        const again = attempt <= target.maximumRetryAttempts && Date.now() + pause < oldest && isPassing(error);
        if (!again) {
          if (metrics !== undefined) putSchedule(metrics, group, 'InvocationDroppedCount');
          await this.#giveUp(schedule, role, input, error as Error, attempt);
          return undefined;
        }
        const waited = await sleep(pause, true, { signal: this.#closing.signal, ref: false }).catch(() => false);
        if (!waited) return undefined;
      }
    }
  }

  /**
   * Functions are invoked asynchronously: what becomes of it is theirs.
   * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
   *
   * @returns the ARN of the execution, or the function's
   */
  async #start(role: Caller, target: string, name: string, input: string): Promise<string> {
    if (isFunction(target)) {
      await this.#options.invoke(role, target, input);
      return target;
    }
    const request = { stateMachineArn: target, name, input };
    const { executionArn } = await this.#options.frontDoor.call(role, 'states', 'StartExecution', request);
    return String(executionArn);
  }

  /** https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html */
  async #giveUp(schedule: Schedule, role: Caller, body: string, error: Error, attempts: number): Promise<void> {
    const { target, arn, name } = schedule;
    this.#options.log(`The schedule ${name} could not start its target: ${error.message}`);
    if (target.deadLetterArn === undefined) return;
    const text = (value: string) => ({ DataType: 'String', StringValue: value });
    const message = {
      QueueUrl: target.deadLetterArn.split(':').at(-1),
      MessageBody: body,
      MessageAttributes: {
        ERROR_CODE: text(error instanceof ServiceError ? error.code : error.name),
        ERROR_MESSAGE: text(error.message),
        RETRY_ATTEMPTS: text(String(attempts - 1)),
        SCHEDULE_ARN: text(arn),
        TARGET_ARN: text(target.arn),
      },
    };
    await this.#options.frontDoor.call(role, 'sqs', 'SendMessage', message).catch((failed: Error) => {
      this.#options.log(`The dead-letter queue of the schedule ${name} took nothing: ${failed.message}`);
    });
  }
}

export const isFunction = (arn: string): boolean => /^arn:[^:]+:lambda:/.test(arn);

const isPassing = (error: unknown): boolean =>
  !(error instanceof ServiceError) || error.status >= 500 || /Throttl|TooMany|LimitExceeded/.test(error.code);

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
const filled = (input: string, values: Readonly<Record<string, string>>): string =>
  input.replace(/<aws\.scheduler\.([\w-]+)>/g, (all, name: string) => values[name] ?? all);
