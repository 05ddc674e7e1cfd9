import { type Coordinate, formatCoordinate, type RecordCoordinate } from './coordinates.ts';
import { type Part, sameFields } from './post.ts';
import type { Row } from './rows.ts';
import type { RefusalRule } from './rules/refusal.ts';
import type { FeedName } from './rules/rule.ts';

/** What became of a row of a post whose stored part has the row's order key or a greater one. */
export type StoredFate =
  /** The stored part is this row's. */
  | 'applied'
  /** A later row of the same content is stored. */
  | 'duplicate'
  /** A later row of other content is stored. */
  | 'superseded';

/** What became of a row, judged by the log and the durable state alone. */
export type Fate =
  | StoredFate
  /** A rule refused it; it is kept with its bytes. */
  | 'quarantined'
  /** Its batch was given up, and is kept with its bytes. */
  | 'parked'
  /** It is in the log, and nowhere else. */
  | 'missing';

export interface RowFate {
  readonly coordinate: Coordinate;
  readonly arrivalMs: number;
  readonly fate: Fate;
}

export interface FeedAccount {
  /** Distinct rows of the log; the fates add up to it. */
  rows: number;
  applied: number;
  duplicate: number;
  superseded: number;
  quarantined: number;
  parked: number;
  missing: number;
  /** The quarantined rows by the rule that today's rules refuse them for; `accepted` if they no longer do. */
  readonly quarantinedBy: Partial<Record<RefusalRule | 'accepted', number>>;
  readonly missingRows: Coordinate[];
  /** Of every row, in the order of the log. */
  readonly fates: RowFate[];
}

/** The durable state of the speed layer. */
export interface StoredState {
  part(feed: FeedName, ind: number): Part | undefined;
  isQuarantined(coordinate: Coordinate): boolean;
  isParked(record: RecordCoordinate): boolean;
}

export function fateOf(row: Row, feed: FeedName, state: StoredState): Fate {
  const { result } = row;
  if (result.ok) {
    const part = state.part(feed, result.ind);
    if (part !== undefined && part.k >= row.orderKey) return fateUnder(part, row.orderKey, result.fields);
  }
  if (state.isQuarantined(row.coordinate)) return 'quarantined';
  return state.isParked(row.coordinate) ? 'parked' : 'missing';
}

export function fateUnder(part: Part, orderKey: string, fields: Part['fields']): StoredFate {
  if (part.k === orderKey) return 'applied';
  return sameFields(part.fields, fields) ? 'duplicate' : 'superseded';
}

/** Accounts for the rows of the logs, each coordinate once, however often a reader yields it. */
export function accountFor(
  rows: Iterable<{ readonly feed: FeedName; readonly row: Row }>,
  state: StoredState,
): Record<FeedName, FeedAccount> {
  const accounts = { pin: emptyAccount(), geo: emptyAccount(), user: emptyAccount() };
  const seen = new Set<string>();
  for (const { feed, row } of rows) {
    const coordinate = formatCoordinate(row.coordinate);
    if (seen.has(coordinate)) continue;
    seen.add(coordinate);
    const account = accounts[feed];
    const fate = fateOf(row, feed, state);
    account.rows++;
    account[fate]++;
    if (fate === 'missing') account.missingRows.push(row.coordinate);
    account.fates.push({ coordinate: row.coordinate, arrivalMs: row.arrivalMs, fate });
    if (fate === 'quarantined') {
      const rule = row.result.ok ? 'accepted' : row.result.rule;
      account.quarantinedBy[rule] = (account.quarantinedBy[rule] ?? 0) + 1;
    }
  }
  return accounts;
}

const emptyAccount = (): FeedAccount => ({
  rows: 0,
  applied: 0,
  duplicate: 0,
  superseded: 0,
  quarantined: 0,
  parked: 0,
  missing: 0,
  quarantinedBy: {},
  missingRows: [],
  fates: [],
});
