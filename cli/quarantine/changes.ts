import { metricId } from '../../model/counters/keys.ts';
import { beganAfter } from '../../model/counters/registry.ts';
import { holdsChanges, parkedPrefix } from '../../model/kinesis-event.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { DeployedNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { readRegistry } from '../rebuild/registry.ts';
import { listObjects } from './bucket.ts';

/** Batches of changes of posts that the aggregate function's mapping gave up: the rows are stored, and not counted. */
export interface ChangesGivenUp {
  readonly batches: number;
  /** Epoch ms. */
  readonly lastAt: number;
}

/** By the keys alone; undefined: there are none. */
export async function changesGivenUp(clients: Clients, bucket: string): Promise<ChangesGivenUp | undefined> {
  const batches = (await listObjects(clients, bucket, parkedPrefix)).filter(({ key }) => holdsChanges(key));
  if (batches.length === 0) return undefined;
  return { batches: batches.length, lastAt: Math.max(...batches.map(({ writtenAt }) => writtenAt)) };
}

/** What to do about them; undefined: nothing, because there are none, or all counters began after the last of them. */
export async function changesGivenUpLine(clients: Clients, names: DeployedNames): Promise<string | undefined> {
  const givenUp = await changesGivenUp(clients, names.quarantineBucket);
  if (givenUp === undefined) return undefined;
  const { batches, lastAt } = givenUp;
  const registry = await readRegistry(clients, names.countersTable);
  if (registry !== undefined && metrics.every((metric) => beganAfter(registry, metricId(metric), lastAt))) {
    return undefined;
  }
  const which = batches === 1 ? '1 batch of changes of posts was' : `${batches} batches of changes of posts were`;
  return `${which} given up: no row is missing, but counters miss them. npm run rebuild counts all posts again.`;
}
