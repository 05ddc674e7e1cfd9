import type { MetricName } from '../services/cloudwatch/types.ts';
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

/** What is known of a question besides what the API lists. */
export interface QuestionTraits {
  /** Of the course's questions: `3a`. */
  readonly number?: string;
  /** It is about the last minutes: two answers are of two moments. */
  readonly isWindowed: boolean;
}

/** A part of a total, in records or rows. */
export type Term =
  /** What was put of a metric since the start. */
  | { readonly kind: 'sum'; readonly metric: MetricName }
  /** Its newest value; a total without it is not known. */
  | { readonly kind: 'latest'; readonly metric: MetricName }
  /** Records that a function took or gave up since the start; of streams those that arrived since, too. */
  | { readonly kind: 'taken'; readonly functionName: string; readonly from: 'streams' | 'topics' }
  /** Records of topics that readers have not read yet. */
  | { readonly kind: 'behind'; readonly who: 'functions' | 'connectors' };

/** A number that tells where records have come. */
export interface Total {
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  readonly plus: readonly Term[];
  readonly minus?: readonly Term[];
  /** It never becomes less. @default false */
  readonly grows?: boolean;
}

/** A state that a run of the batch layer has passed. */
export interface BatchStep {
  readonly name: string;
  readonly ms: number;
  readonly failure?: string;
}

/** How a run of the batch layer ended. */
export interface BatchEnd {
  readonly outcome: 'changed' | 'unchanged' | 'overlap' | 'failed' | 'left';
  readonly message: string;
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
  /** By the name of the question. */
  readonly questions: Readonly<Record<string, QuestionTraits>>;
  /** Of the rows of this deployment. */
  totals(): Promise<readonly Total[]>;
  /** Runs the batch layer; undefined where there is none. */
  readonly runBatch?: (onStep: (step: BatchStep) => void, signal: AbortSignal) => Promise<BatchEnd>;
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
