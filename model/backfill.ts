import type { FeedName } from './rules/rule.ts';

/** What the backfill function is invoked with. */
export interface BackfillEvent {
  /** Of an object of raw. */
  readonly key: string;
  /** Lines of it that are done already. */
  readonly from: number;
}

/** Rows by what became of them. */
export interface BackfilledRows {
  readonly applied: number;
  /** Of the applied: those that changed what was stored. */
  readonly changed: number;
  readonly duplicate: number;
  readonly superseded: number;
  readonly quarantined: number;
}

export interface BackfillResult {
  readonly feed: FeedName;
  /** Lines that are done now. */
  readonly done: number;
  /** Lines that the object has. */
  readonly lines: number;
  /** Of the lines that this invocation has done. */
  readonly rows: BackfilledRows;
}
