import { type BatchFeedAccount, type BatchState, batchAccount } from '../../model/batch-accounting.ts';
import { formatCoordinate } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import { quarantinePrefix } from '../../model/quarantine.ts';
import { rowsOf } from '../../model/rows.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';
import { type Pointer, readPointer } from '../batch/run.ts';
import { coordinatesOf, listObjects } from '../quarantine/bucket.ts';
import { runQuery } from '../query/athena.ts';
import { type BatchNames, batchNamesOf, type DeployedNames } from './deployed-names.ts';
import { distinctRecords, type Raw, RawReader } from './raw.ts';

export interface BatchAccounted extends BatchFeedAccount {
  /** Distinct records in raw, by the door that they came through. */
  readonly streams: number;
  readonly topics: number;
  /** Coordinates of the records in raw. */
  readonly landed: ReadonlySet<string>;
}

export interface BatchAccount extends Readonly<Record<FeedName, BatchAccounted>> {
  /** The run that readers see; undefined before the first. */
  readonly pointer: Pointer | undefined;
}

/** What became in the batch layer of every row of raw, judged by raw, the silver tables and the quarantine bucket. */
export async function readBatchAccount(
  clients: Clients,
  names: DeployedNames,
  reader = new RawReader(clients, batchNamesOf(names).rawBucket),
): Promise<BatchAccount> {
  // Raw first: what lands later than it was read cannot make one of its rows look missed.
  const raw = await reader.read();
  const pointer = await readPointer(clients, batchNamesOf(names));
  const state = await readState(clients, names, pointer);
  const rows = feedNames.flatMap((feed) =>
    [...distinctRecords(raw[feed]).values()].flatMap((record) =>
      rowsOf(record, feeds[feed]).map((row) => ({ feed, row })),
    ),
  );
  const accounts = batchAccount(rows, state);
  const accounted = (feed: FeedName): BatchAccounted => ({ ...accounts[feed], ...byDoor(raw, feed) });
  return { pin: accounted('pin'), geo: accounted('geo'), user: accounted('user'), pointer };
}

function byDoor(raw: Raw, feed: FeedName): Pick<BatchAccounted, 'streams' | 'topics' | 'landed'> {
  const distinct = distinctRecords(raw[feed]);
  const records = [...distinct.values()];
  const streams = records.filter(({ source }) => source === 'kinesis').length;
  return { streams, topics: records.length - streams, landed: new Set(distinct.keys()) };
}

async function readState(clients: Clients, names: DeployedNames, pointer: Pointer | undefined): Promise<BatchState> {
  const batch = batchNamesOf(names);
  const refused = await listObjects(clients, names.quarantineBucket, quarantinePrefix('batch'));
  const none: ReadonlyMap<number, string> = new Map();
  const [pin = none, geo = none, user = none] =
    pointer === undefined ? [] : await Promise.all(feedNames.map((feed) => orderKeys(clients, batch, feed)));
  return {
    silver: { pin, geo, user },
    quarantined: new Set(coordinatesOf(refused).map(formatCoordinate)),
    watermark: pointer?.watermark,
  };
}

async function orderKeys(clients: Clients, batch: BatchNames, feed: FeedName): Promise<ReadonlyMap<number, string>> {
  const { rows } = await runQuery(clients, batch, `SELECT ind, order_key FROM silver_${feed}`);
  return new Map(rows.map(([ind, key]) => [Number(ind), key ?? '']));
}

const sum = (account: BatchAccount, count: (of: BatchAccounted) => number): number =>
  feedNames.reduce((total, feed) => total + count(account[feed]), 0);

/** Rows that the next run is to read. */
export const waitingRows = (account: BatchAccount): number => sum(account, ({ waiting }) => waiting);
/** Rows that arrived below the watermark, and have no end: they landed late, or are lost. */
export const overlookedRows = (account: BatchAccount): number =>
  sum(account, ({ missing, waiting }) => missing - waiting);
