import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** One call and what access control said to it. */
export interface RecordedCall {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly service: string;
  readonly action: string;
  readonly resource: string;
  /** The caller's ARN. */
  readonly role: string;
  readonly allowed: boolean;
}

/** How often a role did something. */
export interface CallCount {
  readonly service: string;
  readonly action: string;
  readonly resource: string;
  readonly role: string;
  readonly allowed: boolean;
  readonly count: number;
}

export interface RecorderOptions {
  /** A JSONL file; when it is full it becomes `<file>.1` and a new one begins. Without it only counts are kept. */
  readonly file?: string;
  /** Bytes of one file. */
  readonly fileLimit?: number;
  /** Distinct (role, action, resource) counted one by one; above it resources are counted together as `(others)`. */
  readonly countLimit?: number;
}

const FLUSH_MS = 1000;
const FLUSH_CALLS = 2000;

/** The record of calls. Writing is buffered, so a call costs a map look-up and a push. */
export class CallRecorder {
  readonly #file: string | undefined;
  readonly #fileLimit: number;
  readonly #countLimit: number;
  readonly #counts = new Map<string, { -readonly [K in keyof CallCount]: CallCount[K] }>();
  readonly #listeners: ((call: RecordedCall) => void)[] = [];
  #pending: RecordedCall[] = [];
  #timer: NodeJS.Timeout | undefined;
  #bytes = 0;

  constructor({ file, fileLimit = 16 * 1024 * 1024, countLimit = 20_000 }: RecorderOptions = {}) {
    this.#file = file;
    this.#fileLimit = fileLimit;
    this.#countLimit = countLimit;
    if (file === undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    this.#bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Told of each call from now on, at once. */
  onCall(listener: (call: RecordedCall) => void): void {
    this.#listeners.push(listener);
  }

  record(call: RecordedCall): void {
    this.#count(call);
    for (const listener of this.#listeners) listener(call);
    if (this.#file === undefined) return;
    this.#pending.push(call);
    if (this.#pending.length >= FLUSH_CALLS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Counts since the start, the most frequent first. */
  counts(): CallCount[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count);
  }

  /** Writes what is buffered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#file === undefined || this.#pending.length === 0) return;
    const lines = this.#pending
      .map(({ time, ...rest }) => `${JSON.stringify({ time: new Date(time).toISOString(), ...rest })}\n`)
      .join('');
    this.#pending = [];
    try {
      if (this.#bytes > 0 && this.#bytes + lines.length > this.#fileLimit) {
        renameSync(this.#file, `${this.#file}.1`);
        this.#bytes = 0;
      }
      appendFileSync(this.#file, lines);
      this.#bytes += lines.length;
    } catch {
      // A full disk: the calls go on, these lines of their record are lost.
    }
  }

  #count({ service, action, resource, role, allowed }: RecordedCall): void {
    const key = `${role} ${action} ${allowed} ${resource}`;
    const known = this.#counts.get(key);
    if (known !== undefined) {
      known.count += 1;
    } else if (this.#counts.size < this.#countLimit || resource === OTHERS) {
      this.#counts.set(key, { service, action, resource, role, allowed, count: 1 });
    } else {
      this.#count({ time: 0, service, action, resource: OTHERS, role, allowed });
    }
  }
}

const OTHERS = '(others)';
