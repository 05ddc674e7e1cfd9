import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '../../abortable.ts';
import { CATALOG } from './settings.ts';

/** Of a column, as `{"rawType": "array", "arguments": [{"kind": "TYPE", "value": …}]}`. */
export interface TypeSignature {
  readonly rawType: string;
  readonly arguments: readonly TypeArgument[];
}

export interface TypeArgument {
  readonly kind: 'TYPE' | 'NAMED_TYPE' | 'LONG' | 'VARIABLE';
  readonly value: unknown;
}

export interface TrinoColumn {
  readonly name: string;
  readonly typeSignature: TypeSignature;
}

export interface TrinoStats {
  readonly state: string;
  readonly queuedTimeMillis: number;
  readonly elapsedTimeMillis: number;
  readonly physicalInputBytes: number;
}

/** What one answer of Trino adds. */
export interface TrinoPage {
  readonly columns: readonly TrinoColumn[] | undefined;
  /** Integers beyond 2^53 are texts. */
  readonly rows: readonly (readonly unknown[])[];
  readonly stats: TrinoStats;
  /** Such as `INSERT` and how many rows. */
  readonly updateType: string | undefined;
  readonly updateCount: number | undefined;
}

/** Trino refuses or ends a statement. */
export class TrinoError extends Error {
  /** Such as `COLUMN_NOT_FOUND`. */
  readonly code: string;
  readonly kind: 'USER_ERROR' | 'INTERNAL_ERROR' | 'INSUFFICIENT_RESOURCES' | 'EXTERNAL';

  constructor(code: string, message: string, kind: TrinoError['kind']) {
    super(message);
    this.name = 'TrinoError';
    this.code = code;
    this.kind = kind;
  }
}

/** Trino has gone away in the middle of a statement. */
export class TrinoLostError extends Error {
  constructor(cause: unknown) {
    super('The query engine has stopped in the middle of the query and is started again.', { cause });
    this.name = 'TrinoLostError';
  }
}

export interface RunOptions {
  readonly schema: string;
  /** Its abort cancels the statement. */
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly nextUri?: string;
  readonly columns?: readonly TrinoColumn[];
  readonly data?: readonly (readonly unknown[])[];
  readonly stats: TrinoStats;
  readonly updateType?: string;
  readonly updateCount?: number;
  readonly error?: { message: string; errorName: string; errorType: TrinoError['kind'] };
}

const BUSY_STATUS = [502, 503, 504];
const BUSY_TRIES = 100;
const BUSY_PAUSE_MS = 50;
/** Within which the end of a process is noticed after its connections have ended. */
const NOTICED_MS = 500;
/** On a busy machine that takes longer. */
const LOST_TRIES = 5;
/** Told while it starts, when it does not count itself as a worker yet: the statement has not begun. */
const NO_WORKERS = 'NO_NODES_AVAILABLE';

/** The statements of a Trino server. https://trino.io/docs/476/develop/client-protocol.html */
export class TrinoClient {
  readonly #base: string;
  readonly #ready: (() => Promise<void>) | undefined;

  /** @param ready resolves when the server answers again after it went away. Without it, a statement is not tried again. */
  constructor(base: string, ready?: () => Promise<void>) {
    this.#base = base;
    this.#ready = ready;
  }

  /**
   * Runs one statement, answer by answer. Left early, it is cancelled.
   * @throws TrinoError, TrinoLostError, the signal's reason
   */
  async *run(sql: string, { schema, signal }: RunOptions): AsyncGenerator<TrinoPage, void> {
    let next: string | undefined;
    const post = () =>
      this.#fetch(`${this.#base}/v1/statement`, {
        method: 'POST',
        body: sql,
        headers: {
          'X-Trino-User': 'athena',
          'X-Trino-Catalog': CATALOG,
          'X-Trino-Schema': schema,
          'X-Trino-Time-Zone': 'UTC',
          'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME',
        },
        ...(signal && { signal }),
      });
    // A statement begins when its first result is asked for: one that got no answer has not begun, and is posted again.
    const begin = async () => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await post();
        } catch (error) {
          if (!(error instanceof TrinoLostError) || this.#ready === undefined || tries === LOST_TRIES) throw error;
          await sleep(NOTICED_MS);
          await abortable(this.#ready(), signal);
        }
      }
    };
    try {
      let answer = await begin();
      for (let tries = 1; ; ) {
        next = answer.nextUri;
        if (answer.error !== undefined) {
          const { errorName, message, errorType } = answer.error;
          if (errorName === NO_WORKERS && tries < BUSY_TRIES) {
            tries += 1;
            await sleep(BUSY_PAUSE_MS);
            answer = await begin();
            continue;
          }
          throw new TrinoError(errorName, message, errorType);
        }
        const { columns, data = [], stats, updateType, updateCount } = answer;
        yield { columns, rows: data, stats, updateType, updateCount };
        if (next === undefined) return;
        answer = await this.#fetch(next, signal ? { signal } : {});
      }
    } finally {
      if (next !== undefined) await fetch(next, { method: 'DELETE' }).catch(() => {});
    }
  }

  async #fetch(url: string, request: RequestInit): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      let response: Response;
      let text: string;
      try {
        response = await fetch(url, request);
        text = await response.text();
      } catch (error) {
        request.signal?.throwIfAborted();
        throw new TrinoLostError(error);
      }
      if (response.ok) return parse(text);
      if (!BUSY_STATUS.includes(response.status) || tries === BUSY_TRIES) {
        throw new TrinoLostError(`${response.status} ${text.slice(0, 200)}`);
      }
      await sleep(BUSY_PAUSE_MS);
    }
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** Keeps integers that a JavaScript number cannot hold, and the digits of decimals, as texts. */
const exactly: Reviver = (_, value, { source }) =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '')
    ? source
    : value;

function parse(text: string): Answer {
  return JSON.parse(text, /\d{16}/.test(text) ? (exactly as (key: string, value: unknown) => unknown) : undefined);
}
