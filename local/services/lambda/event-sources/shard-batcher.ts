import type { OpenWindow } from './shard-source.ts';

/** A record of a shard, ready to be sent to a function. */
export interface BatchRecord {
  readonly sequenceNumber: string;
  /** Milliseconds. */
  readonly arrival: number;
  /** The record in the function's event, as JSON. */
  readonly json: string;
  /** What a report of failures calls it. @default - its sequence number */
  readonly item?: string;
}

export interface BatchSettings {
  readonly batchSize: number;
  readonly windowMs: number;
  /** Infinity: until the records expire. */
  readonly maxRetries: number;
  /** Infinity: never. */
  readonly maxAgeMs: number;
  readonly bisect: boolean;
  /** Of the tumbling windows. @default - none */
  readonly tumblingMs?: number;
}

export type DiscardCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

export type Step =
  /** Nothing is there to be done before more records are. */
  | { readonly kind: 'read' }
  /** A batch that may still grow: until then unless more records come. */
  | { readonly kind: 'gather'; readonly until: number }
  /** A batch that is retried, not before then. */
  | { readonly kind: 'back-off'; readonly until: number }
  /** In the window, when there are windows. */
  | { readonly kind: 'invoke'; readonly records: readonly BatchRecord[]; readonly window: OpenWindow | undefined }
  /** Nothing more belongs to the window. */
  | { readonly kind: 'end-window'; readonly window: OpenWindow }
  | {
      readonly kind: 'discard';
      readonly records: readonly BatchRecord[];
      readonly condition: DiscardCondition;
      /** How often a function was invoked with them. */
      readonly invocations: number;
    };

export type BatchOutcome =
  | { readonly kind: 'done'; readonly state?: unknown }
  /** From the record at this index on; the ones before it are done. */
  | { readonly kind: 'failed'; readonly from: number; readonly state?: unknown }
  /** The function was not invoked. */
  | { readonly kind: 'throttled' };

interface Batch {
  records: readonly BatchRecord[];
  retries: number;
  invocations: number;
  notBefore: number;
}

/** Of a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const PAYLOAD_BYTES = 6 * 1_024 * 1_024;
const ENVELOPE_BYTES = 32;
const BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 30_000;
/** Records that are committed as a window ends are read a little later. */
const WINDOW_GRACE_MS = 1_000;

/**
 * What happens to the records of one shard, in their order: no record is tried before all earlier ones are done or
 * discarded. Knows no clock and no I/O: ask `next`, do it, then say what came of it.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html,
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export class ShardBatcher {
  readonly #settings: BatchSettings;
  readonly #jitter: () => number;
  /** Formed batches, the ones to retry first. */
  #batches: Batch[] = [];
  #queue: BatchRecord[] = [];
  /** Since when the oldest of the queue waits. */
  #waitingSince = 0;
  #failuresInRow = 0;
  /** The window of the records that are done last. */
  #window: OpenWindow | undefined;
  #windowNotBefore = 0;

  /** @param window one that an earlier batcher left open */
  constructor(settings: BatchSettings, jitter: () => number = Math.random, window?: OpenWindow) {
    this.#settings = settings;
    this.#window = window;
    this.#jitter = jitter;
  }

  get window(): OpenWindow | undefined {
    return this.#window;
  }

  /** Whether more records are of use. */
  get hungry(): boolean {
    return this.#queue.length < this.#settings.batchSize;
  }

  offer(records: readonly BatchRecord[], now: number): void {
    if (this.#queue.length === 0) this.#waitingSince = now;
    this.#queue.push(...records);
  }

  /** @param ended nothing will ever be offered again */
  next(now: number, ended = false): Step {
    if (this.#batches.length === 0) {
      if (this.#window !== undefined && this.#isOver(this.#window, now, ended)) {
        if (now < this.#windowNotBefore) return { kind: 'back-off', until: this.#windowNotBefore };
        return { kind: 'end-window', window: this.#window };
      }
      if (this.#queue.length === 0) return { kind: 'read' };
      const size = this.#fittingSize();
      const full = size === this.#settings.batchSize || size < this.#queue.length;
      const until = this.#waitingSince + this.#settings.windowMs;
      if (!full && now < until) return { kind: 'gather', until };
      this.#batches = [{ records: this.#queue.splice(0, size), retries: 0, invocations: 0, notBefore: 0 }];
      this.#waitingSince = now;
    }
    const batch = this.#batches[0]!;
    const { maxAgeMs, maxRetries } = this.#settings;
    const fresh = batch.records.findIndex(({ arrival }) => now - arrival <= maxAgeMs);
    if (fresh !== 0) {
      const records = fresh < 0 ? batch.records : batch.records.slice(0, fresh);
      return { kind: 'discard', records, condition: 'RecordAgeExceeded', invocations: batch.invocations };
    }
    if (batch.retries > maxRetries) {
      const { records, invocations } = batch;
      return { kind: 'discard', records, condition: 'RetryAttemptsExhausted', invocations };
    }
    if (now < batch.notBefore) return { kind: 'back-off', until: batch.notBefore };
    return { kind: 'invoke', records: batch.records, window: this.#windowOf(batch.records[0]!) };
  }

  /** After an invocation. Gives the sequence number up to which all is done, when that has moved. */
  settle(outcome: BatchOutcome, now: number): string | undefined {
    const batch = this.#batches[0]!;
    if (outcome.kind !== 'throttled' && outcome.state !== undefined) {
      const window = this.#windowOf(batch.records[0]!);
      this.#window = window && { ...window, state: outcome.state };
    }
    if (outcome.kind === 'done') {
      this.#failuresInRow = 0;
      return this.#finish(batch.records.length);
    }
    this.#failuresInRow += 1;
    const notBefore = now + this.#backOff();
    if (outcome.kind === 'throttled') {
      batch.notBefore = notBefore;
      return undefined;
    }
    const invocations = batch.invocations + 1;
    const done = batch.records[outcome.from - 1]?.sequenceNumber;
    const rest = batch.records.slice(outcome.from);
    const retry = (records: readonly BatchRecord[], retries: number): Batch => ({
      records,
      retries,
      invocations,
      notBefore,
    });
    // Splitting, in the middle or at the reported record, is no retry.
    const split = this.#settings.bisect && batch.records.length > 1;
    const middle = Math.ceil(rest.length / 2);
    const again = !split
      ? [retry(rest, batch.retries + 1)]
      : outcome.from > 0
        ? [retry(rest, batch.retries)]
        : [retry(rest.slice(0, middle), batch.retries), retry(rest.slice(middle), batch.retries)];
    this.#batches.splice(0, 1, ...again);
    return done;
  }

  /** After the records of a `discard` step were handed on. Gives the sequence number up to which all is done. */
  discarded(step: Step & { kind: 'discard' }): string {
    this.#failuresInRow = 0;
    return this.#finish(step.records.length);
  }

  /** After an `end-window` step: a window ends when the function has taken its end. */
  windowEnded(success: boolean, now: number): void {
    if (success) {
      this.#window = undefined;
      this.#failuresInRow = 0;
      return;
    }
    this.#failuresInRow += 1;
    this.#windowNotBefore = now + this.#backOff();
  }

  #isOver({ start }: OpenWindow, now: number, ended: boolean): boolean {
    const [head] = this.#queue;
    if (head !== undefined) return this.#startOf(head) > start;
    return ended || now >= start + this.#settings.tumblingMs! + WINDOW_GRACE_MS;
  }

  #windowOf(record: BatchRecord): OpenWindow | undefined {
    if (this.#settings.tumblingMs === undefined) return undefined;
    const start = this.#startOf(record);
    return this.#window?.start === start ? this.#window : { start, state: {} };
  }

  /** Of the record's window. One that comes late belongs to the window that is open. */
  #startOf({ arrival }: BatchRecord): number {
    const { tumblingMs } = this.#settings;
    if (tumblingMs === undefined) return 0;
    return Math.max(Math.floor(arrival / tumblingMs) * tumblingMs, this.#window?.start ?? 0);
  }

  #finish(count: number): string {
    const batch = this.#batches[0]!;
    const last = batch.records[count - 1]!.sequenceNumber;
    if (count === batch.records.length) this.#batches.shift();
    else batch.records = batch.records.slice(count);
    return last;
  }

  #fittingSize(): number {
    const { tumblingMs } = this.#settings;
    let bytes = ENVELOPE_BYTES + (tumblingMs === undefined ? 0 : Buffer.byteLength(JSON.stringify(this.#window ?? '')));
    let size = 0;
    while (size < Math.min(this.#settings.batchSize, this.#queue.length)) {
      bytes += Buffer.byteLength(this.#queue[size]!.json) + 1;
      if (bytes > PAYLOAD_BYTES && size > 0) break;
      if (this.#startOf(this.#queue[size]!) > this.#startOf(this.#queue[0]!)) break;
      size += 1;
    }
    return size;
  }

  /** Exponential, between half of it and all of it. */
  #backOff(): number {
    const longest = Math.min(LONGEST_BACK_OFF_MS, BACK_OFF_MS * 2 ** Math.min(this.#failuresInRow - 1, 16));
    return longest * (0.5 + this.#jitter() / 2);
  }
}
