import { formatCoordinate } from '../../model/coordinates.ts';
import { coordinateOfKey, quarantinePrefix } from '../../model/quarantine.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';
import { coordinatesOf, listObjects } from './bucket.ts';
import { batchRun } from './print.ts';

/** Rows that the batch layer refused and the speed layer did not. */
export interface BatchOnly {
  readonly rows: number;
  /** Of arrival, UTC. */
  readonly dates: ReadonlySet<string>;
}

/** By the keys alone. */
export async function batchOnly(clients: Clients, bucket: string, feed?: FeedName): Promise<BatchOnly> {
  const [speed, batch] = await Promise.all([
    listObjects(clients, bucket, quarantinePrefix('speed', feed)),
    listObjects(clients, bucket, quarantinePrefix('batch', feed)),
  ]);
  const both = new Set(coordinatesOf(speed).map(formatCoordinate));
  const own = batch.filter(({ key }) => {
    const coordinate = coordinateOfKey(key);
    return coordinate !== undefined && !both.has(formatCoordinate(coordinate));
  });
  const dates = own.flatMap(({ key }) => /\/dt=(\d{4}-\d\d-\d\d)\//.exec(key)?.[1] ?? []);
  return { rows: own.length, dates: new Set(dates) };
}

/** What mends them: redrive brings nothing to the batch layer, which reads raw. */
export function batchOnlyLine({ rows, dates }: BatchOnly): string | undefined {
  if (rows === 0) return undefined;
  const which =
    rows === 1 ? '1 row that only the batch layer refused is' : `${rows} rows that only the batch layer refused are`;
  return `  ${which} mended by a run over the dates of arrival: ${batchRun([...dates])}`;
}
