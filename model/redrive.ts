import type { FeedName } from './rules/rule.ts';

/** What the redrive function is invoked with: keys of quarantined rows and of parked batches. */
export interface RedriveEvent {
  readonly keys: readonly string[];
}

/** What became of one object. */
export type RedriveEnd =
  /** Each of its rows is stored, or in quarantine under its own coordinate; the object is deleted. */
  | 'left'
  /** Today's rules refuse its row, which stays with what they say. */
  | 'stays'
  /** It was gone already: someone else redrove it. */
  | 'gone'
  /** It is neither a quarantined row nor a parked batch; it stays. */
  | 'unreadable'
  /** There was no time left for it: ask again. */
  | 'again';

export interface RedrivenRows {
  readonly applied: number;
  readonly duplicate: number;
  readonly superseded: number;
  readonly quarantined: number;
}

export interface RedriveResult {
  readonly objects: readonly { readonly key: string; readonly end: RedriveEnd; readonly reason?: string }[];
  readonly rows: Readonly<Partial<Record<FeedName, RedrivenRows>>>;
}
