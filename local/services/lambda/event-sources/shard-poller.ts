import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '../../service.ts';
import type { InvocationResult } from '../function-definition.ts';
import { outcomeOf, stateOf } from './batch-response.ts';
import type { BatchOutcome, BatchRecord, ShardBatcher, Step } from './shard-batcher.ts';
import type { OpenWindow, ShardReader } from './shard-source.ts';

export interface ShardPollerOptions {
  readonly batcher: ShardBatcher;
  readonly reader: ShardReader;
  readonly batchSize: number;
  readonly reportsFailures: boolean;
  /** Invokes the function with records, in a window when there are windows, which may be its end. */
  readonly invoke: (
    records: readonly BatchRecord[],
    window: OpenWindow | undefined,
    final: boolean,
  ) => Promise<InvocationResult>;
  /**
   * All up to here is done or handed on, or up to where it was and a window has ended; written before anything else is
   * tried.
   */
  readonly checkpoint: (sequenceNumber: string | undefined, window: OpenWindow | undefined) => void | Promise<void>;
  /** Told once of each record that is done or handed on. */
  readonly passed: (records: readonly BatchRecord[]) => void;
  /** Hands on what is given up. The last request id is empty when the function was never invoked with it. */
  readonly discard: (step: Step & { kind: 'discard' }, requestId: string) => Promise<void>;
  /** Told of each failure that is not the function's: reading, handing on. */
  readonly problem: (error: unknown) => void;
}

/** Without a sign of new records, look for some this often. */
const IDLE_POLL_MS = 1_000;
const FAULT_PAUSE_MS = 1_000;

/** Moves the records of one shard into a function, batch by batch. */
export class ShardPoller {
  readonly #options: ShardPollerOptions;
  #awake = true;
  #wake: () => void = () => {};
  #ended = false;
  #lastRequestId = '';

  constructor(options: ShardPollerOptions) {
    this.#options = options;
  }

  /** There may be new records. */
  wake(): void {
    this.#awake = true;
    this.#wake();
  }

  /** True when the shard is closed and done; false when stopped. An invocation is waited for. */
  async run(signal: AbortSignal): Promise<boolean> {
    const stopped = () => this.wake();
    signal.addEventListener('abort', stopped, { once: true });
    while (!signal.aborted) {
      try {
        if (await this.#step(signal)) return true;
      } catch (error) {
        if (signal.aborted) break;
        this.#options.problem(error);
        await sleep(FAULT_PAUSE_MS, undefined, { signal }).catch(() => {});
      }
    }
    return false;
  }

  async #step(signal: AbortSignal): Promise<boolean> {
    const { batcher } = this.#options;
    const step = batcher.next(Date.now(), this.#ended);
    switch (step.kind) {
      case 'invoke':
        await this.#invoke(step, signal);
        return false;
      case 'end-window':
        await this.#endWindow(step.window, signal);
        return false;
      case 'discard':
        await this.#options.discard(step, this.#lastRequestId);
        this.#options.passed(step.records);
        await this.#options.checkpoint(batcher.discarded(step), batcher.window);
        return false;
      case 'back-off':
        await sleep(Math.max(1, step.until - Date.now()), undefined, { signal }).catch(() => {});
        return false;
      case 'gather':
        await this.#gather(step.until);
        return false;
      case 'read':
        if (this.#ended) return true;
        if (!(await this.#read()) && !this.#ended) await this.#rest(IDLE_POLL_MS);
        return false;
    }
  }

  async #gather(until: number): Promise<void> {
    const more = !this.#ended && this.#options.batcher.hungry && (await this.#read());
    if (!more) await this.#rest(Math.max(1, Math.min(until - Date.now(), IDLE_POLL_MS)));
  }

  /** Whether there was anything. */
  async #read(): Promise<boolean> {
    const { batcher, reader, batchSize } = this.#options;
    this.#awake = false;
    const { records, ended } = await reader.read(batchSize);
    this.#ended = ended;
    if (records.length > 0) batcher.offer(records, Date.now());
    return records.length > 0;
  }

  async #invoke({ records, window }: Step & { kind: 'invoke' }, signal: AbortSignal): Promise<void> {
    const { batcher, checkpoint, passed, reportsFailures } = this.#options;
    let outcome: BatchOutcome = { kind: 'throttled' };
    const result = await this.#result(records, window, false);
    if (result !== undefined) {
      const identifiers = records.map(({ item, sequenceNumber }) => item ?? sequenceNumber);
      outcome = outcomeOf(result, identifiers, reportsFailures);
      if (window !== undefined && !result.failed) outcome = withState(outcome, stateOf(result));
    }
    // A worker that is stopped with the runtime is no failure of the function.
    if (signal.aborted && outcome.kind !== 'done') return;
    const done = batcher.settle(outcome, Date.now());
    if (done === undefined) return;
    passed(outcome.kind === 'failed' ? records.slice(0, outcome.from) : records);
    await checkpoint(done, batcher.window);
  }

  async #endWindow(window: OpenWindow, signal: AbortSignal): Promise<void> {
    const { batcher, checkpoint } = this.#options;
    const result = await this.#result([], window, true);
    const success = result?.failed === false;
    if (signal.aborted && !success) return;
    batcher.windowEnded(success, Date.now());
    if (success) await checkpoint(undefined, undefined);
  }

  /** Undefined when the function has no place for one more invocation. */
  async #result(
    records: readonly BatchRecord[],
    window: OpenWindow | undefined,
    final: boolean,
  ): Promise<InvocationResult | undefined> {
    try {
      const result = await this.#options.invoke(records, window, final);
      this.#lastRequestId = result.requestId;
      return result;
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'TooManyRequestsException') return undefined;
      throw error;
    }
  }

  async #rest(ms: number): Promise<void> {
    if (this.#awake) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** In a window, an answer without a state is a failure. */
function withState(outcome: BatchOutcome, state: unknown): BatchOutcome {
  if (state === undefined) return { kind: 'failed', from: 0 };
  if (outcome.kind === 'done') return { ...outcome, state };
  return outcome.kind === 'failed' && outcome.from > 0 ? { ...outcome, state } : outcome;
}
