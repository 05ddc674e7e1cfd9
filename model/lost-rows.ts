import type { RowFate } from './accounting.ts';

/** How a stream is consumed. */
export interface Consumption {
  /** A batch holds at most so many records, all of one shard. Infinity: several batches of a shard run side by side. */
  readonly batchSize: number;
  /** Older records are given up. Infinity: none is. */
  readonly maxRecordAgeMs: number;
  /** Epoch ms; undefined: nothing consumes the stream now. */
  readonly runningSince: number | undefined;
  /** Shard -> the shards it came from, which are consumed to their end before it. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
  /** Shard -> epoch ms at which a batch of it was last given up. */
  readonly givenUpAt: ReadonlyMap<string, number>;
}

/** Shard -> place among the shard's records in the log of the last one that is known to have been handled. */
export type Handled = ReadonlyMap<string, number>;

/** What a consumer at work gets through in any case: an attempt, the pause before the next, and to give up. */
const graceMs = 300_000;

/** How far each shard was handled. That a later row of a post is stored says nothing of the row itself. */
export function handledIn(fates: readonly RowFate[]): Handled {
  const handled = new Map<string, number>();
  eachRecord(fates, ({ coordinate, fate }, index) => {
    if (fate === 'applied' || fate === 'quarantined' || fate === 'parked') handled.set(coordinate.partition, index);
  });
  return handled;
}

/**
 * Which of the missing rows of a stream will never come: those that the consumer has left behind, and those older than
 * any that it keeps trying. All others may still be on their way.
 *
 * The batches of a shard are handled one after the other, so a row that was handled tells that all batches before its
 * own are done. Within a batch rows are stored side by side, hence the distance of a whole batch.
 * @param fates in the order of the log, one stream
 * @param handled as it was before the state that `fates` tell of was read
 */
export function lostRows(
  fates: readonly RowFate[],
  handled: Handled,
  consumption: Consumption,
  now: number,
): ReadonlySet<RowFate> {
  const lost = new Set<RowFate>();
  const ended = endedShards(handled, consumption.parents);
  eachRecord(fates, (row, index) => {
    if (row.fate !== 'missing') return;
    const { partition } = row.coordinate;
    const leftBehind = ended.has(partition) || index + consumption.batchSize <= (handled.get(partition) ?? -1);
    if (leftBehind || isOverdue(row, consumption, now)) lost.add(row);
  });
  return lost;
}

/** Older than the consumer's limit, although it has been running for a while and is not busy giving up old records. */
function isOverdue({ arrivalMs, coordinate }: RowFate, consumption: Consumption, now: number): boolean {
  const { maxRecordAgeMs, runningSince = Infinity, givenUpAt } = consumption;
  const quietSince = Math.max(runningSince, givenUpAt.get(coordinate.partition) ?? 0, arrivalMs + maxRecordAgeMs);
  return quietSince + graceMs < now;
}

function endedShards(handled: Handled, parents: Consumption['parents']): ReadonlySet<string> {
  const ended = new Set<string>();
  const rest = [...handled.keys()].flatMap((shard) => parents.get(shard) ?? []);
  for (let shard = rest.pop(); shard !== undefined; shard = rest.pop()) {
    if (ended.has(shard)) continue;
    ended.add(shard);
    rest.push(...(parents.get(shard) ?? []));
  }
  return ended;
}

/** Calls back for every row with the place of its record among those of its shard. */
function eachRecord(fates: readonly RowFate[], tell: (row: RowFate, index: number) => void): void {
  const last = new Map<string, { offset: string; index: number }>();
  for (const row of fates) {
    const { partition, offset } = row.coordinate;
    const before = last.get(partition) ?? { offset: '', index: -1 };
    const index = before.offset === offset ? before.index : before.index + 1;
    last.set(partition, { offset, index });
    tell(row, index);
  }
}
