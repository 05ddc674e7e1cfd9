import { metricId } from '../../model/counters/keys.ts';
import { beganAfter, generationAt } from '../../model/counters/registry.ts';
import { givenUpPrefixes, holdsChanges, parkedPrefix, shardOfParked } from '../../model/kinesis-event.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { DeployedNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { readRegistry } from '../rebuild/registry.ts';
import { listObjects } from './bucket.ts';

/** Changes of posts that the aggregate function could not read, and batches of them that were given up: stored, and not counted. */
export interface ChangesGivenUp {
  readonly objects: number;
  /** Epoch ms. */
  readonly lastAt: number;
}

/** By the keys alone; undefined: there are none. */
export async function changesGivenUp(clients: Clients, bucket: string): Promise<ChangesGivenUp | undefined> {
  const listed = await Promise.all(givenUpPrefixes.map((prefix) => listObjects(clients, bucket, prefix)));
  const objects = listed.flat().filter(({ key }) => holdsChanges(key));
  if (objects.length === 0) return undefined;
  return { objects: objects.length, lastAt: Math.max(...objects.map(({ writtenAt }) => writtenAt)) };
}

/** Of which a batch was given up when this generation of counters had begun. */
export async function shardsGivenUp(
  clients: Clients,
  bucket: string,
  generation: number,
): Promise<ReadonlySet<string>> {
  const objects = await listObjects(clients, bucket, parkedPrefix);
  const given = objects.filter(({ key, writtenAt }) => holdsChanges(key) && generationAt(writtenAt) >= generation);
  return new Set(given.map(({ key }) => shardOfParked(key)!));
}

/** What to do about them; undefined: nothing, because there are none, or all counters began after the last of them. */
export async function changesGivenUpLine(clients: Clients, names: DeployedNames): Promise<string | undefined> {
  const givenUp = await changesGivenUp(clients, names.quarantineBucket);
  if (givenUp === undefined) return undefined;
  const { objects, lastAt } = givenUp;
  const registry = await readRegistry(clients, names.countersTable);
  if (registry !== undefined && metrics.every((metric) => beganAfter(registry, metricId(metric), lastAt))) {
    return undefined;
  }
  const which =
    objects === 1
      ? '1 change of posts, or batch of them, was'
      : `${objects} changes of posts, or batches of them, were`;
  return `${which} given up: no row is missing, but counters miss them. npm run rebuild counts all posts again.`;
}
