import type { JsonObject } from '../services/service.ts';

/** What the deployed API answered. */
export interface ApiAnswer {
  /** 0 where no answer came; `body` then says why. */
  readonly status: number;
  readonly body: string;
}

/** A post to send: its rows by feed, through these doors. */
export interface PostOrder {
  readonly index: number;
  readonly rows: Readonly<Record<string, JsonObject>>;
  readonly doors: readonly string[];
}

/** One station of a row's way. */
export interface Hop {
  readonly feed: string;
  readonly door: string;
  readonly name: 'door' | 'log' | 'posts' | 'quarantine' | 'raw' | 'answers' | 'batch';
  /** Epoch milliseconds at which it was there, or was first seen there. */
  readonly at: number;
  readonly detail: string;
  /** The row ends here. @default false */
  readonly refused?: boolean;
}

export interface EmulationOrder {
  /** Posts a second. */
  readonly rate: number;
  readonly count: number;
  readonly doors: readonly string[];
  /** Shares from 0 to 1. */
  readonly dirty: number;
  readonly duplicates: number;
}

export interface EmulationProgress {
  readonly requests: number;
  readonly accepted: number;
  readonly refused: number;
}

export interface Quarantined {
  /** Of the object. */
  readonly key: string;
  readonly layer: string;
  readonly feed: string;
  /** `kinesis/stream/shard/sequence number/position` */
  readonly coordinate: string;
  /** ISO 8601. */
  readonly arrival: string;
  readonly quarantinedAt: string;
  readonly rule: string;
  readonly field?: string;
  readonly reason: string;
  readonly rawBase64: string;
}

/**
 * What the console does with the pipeline beyond what templates and services say: what its records mean is known to
 * the one who starts the runtime.
 */
export interface ConsoleTools {
  readonly feeds: readonly string[];
  readonly doors: readonly string[];
  /** The deployed API, below its stage, with whatever its authorization asks for. */
  ask(path: string): Promise<ApiAnswer>;
  /** A made-up post with a new index. */
  sample(): Omit<PostOrder, 'doors'>;
  /** Sends the rows and tells each station of their way, until they are through or `signal` is aborted. */
  follow(order: PostOrder, signal: AbortSignal): AsyncIterable<Hop>;
  /** Sends posts until all are sent or `signal` is aborted. */
  emulate(order: EmulationOrder, signal: AbortSignal, told: (progress: EmulationProgress) => void): Promise<void>;
  /** The newest first, so many at most; `total` of all. */
  quarantined(limit: number): Promise<{ readonly rows: readonly Quarantined[]; readonly total: number }>;
  /** Takes objects up once more. @returns how many left quarantine, how many stay, and what went wrong */
  redrive(
    keys: readonly string[],
  ): Promise<{ readonly left: number; readonly stays: number; readonly problems: readonly string[] }>;
}
