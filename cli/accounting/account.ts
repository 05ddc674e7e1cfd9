import { setTimeout as sleep } from 'node:timers/promises';
import { accountFor, type Fate, type FeedAccount, type RowFate } from '../../model/accounting.ts';
import { handledIn, lostRows } from '../../model/lost-rows.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';
import { readings } from './consumption.ts';
import type { DeployedNames } from './deployed-names.ts';
import { type FeedLog, type Log, readStreams } from './log.ts';
import { storedState } from './stored-state.ts';
import { TopicsReader } from './topics.ts';

/** Of a missing row: it may still come, or never will. */
export type End = Exclude<Fate, 'missing'> | 'in flight' | 'lost';

export interface Accounted extends FeedAccount, Pick<FeedLog, 'places' | 'trimmedBefore'> {
  /** Records that the stream and, where it feeds the speed layer, the topic hold. */
  readonly records: number;
  /** Of the missing rows: those that will never come. The others are in flight. */
  readonly lost: ReadonlySet<RowFate>;
}

export interface Account extends Readonly<Record<FeedName, Accounted>> {
  /** Which layers the topics feed; undefined: there are none. */
  readonly topics: 'both layers' | 'the batch layer' | undefined;
  /** Objects among the batches given up that hold no batch. */
  readonly unreadable: readonly string[];
}

/** What became of every row of the speed layer, judged by the logs, the posts table and the quarantine bucket. */
export async function account(clients: Clients, names: DeployedNames): Promise<Account> {
  return settledAccount(clients, names, { waitMs: 0 });
}

export interface SettledOptions {
  readonly waitMs: number;
  readonly stop?: AbortSignal;
  /** Coordinates of records that have to be in the logs before: those of topics take a while to land in raw. */
  readonly expected?: Readonly<Record<FeedName, ReadonlySet<string>>>;
}

/** Accounts for what the logs hold now, again and again until no row is in flight, but at most so long. */
export async function settledAccount(
  clients: Clients,
  names: DeployedNames,
  { waitMs, stop, expected }: SettledOptions,
): Promise<Account> {
  const deadline = Date.now() + waitMs;
  const streams = await readStreams(clients, names);
  const topics = names.speedTopics && new TopicsReader(clients, names, names.speedTopics);
  let log = topics ? await topics.addTo(streams) : streams;
  for (let pause = 100; ; pause = Math.min(2_000, pause * 2)) {
    const found = await accountOf(log, clients, names);
    const isWhole = !topics || expected === undefined || holdsAll(log, expected);
    if ((isWhole && inFlightRows(found) === 0) || Date.now() + pause > deadline || stop?.aborted) return found;
    await sleep(pause, undefined, { ...(stop && { signal: stop }) }).catch(() => undefined);
    if (!isWhole) log = await topics.addTo(streams);
  }
}

const holdsAll = (log: Log, expected: NonNullable<SettledOptions['expected']>): boolean =>
  feedNames.every((feed) => [...expected[feed]].every((record) => log[feed].places.has(record)));

/** The log is read first: what is stored later than it was read cannot make one of its rows look lost. */
async function accountOf(log: Log, clients: Clients, names: DeployedNames): Promise<Account> {
  const rows = feedNames.flatMap((feed) => log[feed].rows.map((row) => ({ feed, row })));
  const state = await storedState(clients, names);
  const first = accountFor(rows, state);
  const done = (of: typeof first, lost: (feed: FeedName) => ReadonlySet<RowFate>): Account => {
    const accounted = (feed: FeedName): Accounted => {
      const { places, trimmedBefore } = log[feed];
      return { ...of[feed], places, trimmedBefore, records: places.size, lost: lost(feed) };
    };
    const { unreadable } = state;
    const topics = names.speedTopics ? 'both layers' : names.batch && 'the batch layer';
    return { pin: accounted('pin'), geo: accounted('geo'), user: accounted('user'), topics, unreadable };
  };
  const none: ReadonlySet<RowFate> = new Set();
  if (feedNames.every((feed) => first[feed].missing === 0)) return done(first, () => none);

  const reading = await readings(clients, names);
  const lostOf = (of: typeof first, givenUpAt: ReadonlyMap<string, number>) => (feed: FeedName) => {
    const lost = (source: string) => {
      const own = ({ coordinate }: RowFate) => coordinate.topic === source;
      const consumption = { ...reading(source), parents: log[feed].parents, givenUpAt };
      return lostRows(of[feed].fates.filter(own), handledIn(first[feed].fates.filter(own)), consumption, Date.now());
    };
    const topic = names.speedTopics?.[feed];
    return new Set([...lost(names.streams[feed]), ...(topic === undefined ? [] : lost(topic))]);
  };
  const seemLost = lostOf(first, state.givenUpAt);
  if (feedNames.every((feed) => seemLost(feed).size === 0)) return done(first, () => none);
  // A state takes time to read: a row can be stored after its item was read and before a later row's was.
  const again = await storedState(clients, names);
  const second = accountFor(rows, again);
  return done(second, lostOf(second, again.givenUpAt));
}

export function endOf({ lost }: Accounted, row: RowFate): End {
  if (row.fate !== 'missing') return row.fate;
  return lost.has(row) ? 'lost' : 'in flight';
}

const sum = (account: Account, count: (of: Accounted) => number): number =>
  feedNames.reduce((total, feed) => total + count(account[feed]), 0);

/** Rows that are in the log and nowhere else: in flight or lost. */
export const missingRows = (account: Account): number => sum(account, ({ missing }) => missing);
export const inFlightRows = (account: Account): number => sum(account, ({ missing, lost }) => missing - lost.size);
export const lostRowCount = (account: Account): number => sum(account, ({ lost }) => lost.size);
export const parkedRows = (account: Account): number => sum(account, ({ parked }) => parked);
