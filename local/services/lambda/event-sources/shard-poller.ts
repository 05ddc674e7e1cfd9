import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '../../service.ts';
import type { InvocationResult } from '../function-definition.ts';
import { outcomeOf } from './batch-response.ts';
import { eventOf } from './kinesis-records.ts';
import type { BatchOutcome, BatchRecord, ShardBatcher, Step } from './shard-batcher.ts';

/** Reads one shard; keeps its place. */
export interface ShardReader {
  /** The next records; `ended` when none will ever follow. */
  read(limit: number): Promise<{ readonly records: readonly BatchRecord[]; readonly ended: boolean }>;
}

export interface ShardPollerOptions {
  readonly batcher: ShardBatcher;
  readonly reader: ShardReader;
  readonly batchSize: number;
  readonly reportsFailures: boolean;
  readonly invoke: (event: string) => Promise<InvocationResult>;
  /** All up to here is done or handed on; written before anything else is tried. */
  readonly checkpoint: (sequenceNumber: string) => void;
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
    const step = batcher.next(Date.now());
    switch (step.kind) {
      case 'invoke':
        await this.#invoke(step.records, signal);
        return false;
      case 'discard':
        await this.#options.discard(step, this.#lastRequestId);
        this.#options.checkpoint(batcher.discarded(step));
        return false;
      case 'back-off':
        await sleep(step.until - Date.now(), undefined, { signal }).catch(() => {});
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

  async #invoke(records: readonly BatchRecord[], signal: AbortSignal): Promise<void> {
    const { batcher, checkpoint, invoke, reportsFailures } = this.#options;
    let outcome: BatchOutcome;
    try {
      const result = await invoke(eventOf(records));
      this.#lastRequestId = result.requestId;
      const numbers = records.map(({ sequenceNumber }) => sequenceNumber);
      outcome = outcomeOf(result, numbers, reportsFailures);
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== 'TooManyRequestsException') throw error;
      outcome = { kind: 'throttled' };
    }
    // A worker that is stopped with the runtime is no failure of the function.
    if (signal.aborted && outcome.kind !== 'done') return;
    const done = batcher.settle(outcome, Date.now());
    if (done !== undefined) checkpoint(done);
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
