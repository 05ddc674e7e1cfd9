import { Child } from '../child.ts';
import type { StreamRecord } from '../events.ts';
import type { WriterDuties } from '../processes/writer.ts';
import type { Surroundings } from '../surroundings.ts';

export interface Ceiling {
  readonly by: 'UpdateItem' | 'BatchWriteItem';
  readonly concurrency: number;
  /** Events stored a second, by all processes. */
  readonly perSecond: number;
}

/** As many processes write as the runtime has workers of a function at most on two cores. */
export const writerCount = 2;
const concurrencies = [1, 8, 32, 128];
const time = { warmMs: 500, ms: 2_000 };
/** Posts of no other measurement, and room for what one writer writes. */
const firstInd = 10_000_000;
const indsEach = 1_000_000;

/** How fast events of the same sizes can be written to the same table through the same front door. */
export async function ceilings(
  { closing }: Surroundings,
  { endpoint, table, records }: { endpoint: string; table: string; records: readonly StreamRecord[] },
): Promise<readonly Ceiling[]> {
  const writers = Array.from({ length: writerCount }, () => new Child<WriterDuties>('writer.ts'));
  closing.add('the writers', () => Promise.all(writers.map((writer) => writer.stop())));
  await Promise.all(writers.map((writer) => writer.ask('prepare', records.slice(0, 3_000))));
  const found: Ceiling[] = [];
  let ind = firstInd;
  for (const by of ['UpdateItem', 'BatchWriteItem'] as const) {
    for (const concurrency of concurrencies) {
      const rates = await Promise.all(
        writers.map((writer) => {
          ind += indsEach;
          return writer.ask('write', { endpoint, table, by, concurrency, ind, ...time });
        }),
      );
      found.push({ by, concurrency, perSecond: Math.round(rates.reduce((sum, rate) => sum + rate, 0)) });
    }
  }
  await Promise.all(writers.map((writer) => writer.stop()));
  return found;
}

export const bestOf = (found: readonly Ceiling[]): Ceiling =>
  found.reduce((best, one) => (one.perSecond > best.perSecond ? one : best));
