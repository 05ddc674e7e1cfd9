import { accountFor, type FeedAccount, type StoredState } from './accounting.ts';
import { type Coordinate, formatCoordinate } from './coordinates.ts';
import { feeds } from './feeds/index.ts';
import type { Row } from './rows.ts';
import type { CleanFields } from './rules/clean-row.ts';
import type { FeedName } from './rules/rule.ts';

/** The durable state of the batch layer. */
export interface BatchState {
  /** By feed: the index of a post to the order key of its row in silver. */
  readonly silver: Readonly<Record<FeedName, ReadonlyMap<number, string>>>;
  /** Coordinates of the rows in quarantine. */
  readonly quarantined: ReadonlySet<string>;
  /** Epoch ms: the batch has seen what arrived up to it. undefined: there was no run. */
  readonly watermark: number | undefined;
}

export interface BatchFeedAccount extends FeedAccount {
  /** Of the missing rows: those that the next run is to read. The others landed late, or are lost. */
  readonly waiting: number;
}

interface FeedRow {
  readonly feed: FeedName;
  readonly row: Row;
}

/** Accounts for the rows of raw, each coordinate once, in the batch layer. */
export function batchAccount(rows: readonly FeedRow[], state: BatchState): Record<FeedName, BatchFeedAccount> {
  const accounts = accountFor(rows, storedState(rows, state));
  const withWaiting = (feed: FeedName): BatchFeedAccount => {
    const isWaiting = (arrivalMs: number) => state.watermark === undefined || arrivalMs > state.watermark;
    const { fates } = accounts[feed];
    const waiting = fates.filter(({ fate, arrivalMs }) => fate === 'missing' && isWaiting(arrivalMs)).length;
    return { ...accounts[feed], waiting };
  };
  return { pin: withWaiting('pin'), geo: withWaiting('geo'), user: withWaiting('user') };
}

/** What a row of silver holds is what the row of raw with its order key is cleaned to. */
function storedState(rows: readonly FeedRow[], { silver, quarantined }: BatchState): StoredState {
  const cleaned = new Map<string, CleanFields>();
  for (const { feed, row } of rows) {
    if (row.result.ok && silver[feed].get(row.result.ind) === row.orderKey)
      cleaned.set(row.orderKey, row.result.fields);
  }
  return {
    part: (feed, ind) => {
      const k = silver[feed].get(ind);
      return k === undefined ? undefined : { k, rules: feeds[feed].rules, fields: cleaned.get(k) ?? {} };
    },
    isQuarantined: (coordinate: Coordinate) => quarantined.has(formatCoordinate(coordinate)),
    isParked: () => false,
  };
}
