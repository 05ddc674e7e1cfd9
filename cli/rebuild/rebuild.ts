import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { metricId } from '../../model/counters/keys.ts';
import {
  generationAt,
  inNeedOfRebuild,
  type Registry,
  withCompleted,
  withRebuild,
} from '../../model/counters/registry.ts';
import { metrics as model } from '../../model/metrics/index.ts';
import type { Metric } from '../../model/metrics/metric.ts';
import type { Clients } from '../aws.ts';
import { changesGivenUp, shardsGivenUp } from '../quarantine/changes.ts';
import { drained, streamOf, type Tables } from './drain.ts';
import { changeRegistry, markInexact, readRegistry } from './registry.ts';
import { deleteOld, sweep } from './sweep.ts';

export type RebuildStep =
  | { readonly name: 'begun'; readonly generation: number }
  | { readonly name: 'touched'; readonly posts: number }
  | { readonly name: 'waiting'; readonly shards: number }
  | { readonly name: 'completed' }
  | { readonly name: 'deleted'; readonly counters: number };

export interface RebuildTables extends Tables {
  /** Where changes are kept that were given up. */
  readonly quarantineBucket: string;
}

export interface RebuildOptions {
  readonly metrics: readonly Metric[];
  readonly stop: AbortSignal;
  readonly onStep: (step: RebuildStep) => void;
}

export interface Rebuilt {
  /**
   * `stopped`: to be gone on with by the same command. `inexact`: a change could not be read meanwhile, or was given up.
   * `notCounted`: the deployed function passes over changes of some metrics. `overtaken`: a later rebuild of some began.
   */
  readonly outcome: 'completed' | 'inexact' | 'stopped' | 'notCounted' | 'overtaken';
  readonly posts: number;
  /** Names of the metrics that are not complete because they are not counted, or were overtaken. */
  readonly incomplete: readonly string[];
}

/** By which the clocks of a service may differ; far below the life of a shard. */
const clocksMs = 60_000;

/**
 * Gives metrics their whole live history, under traffic: every post is stamped with a new generation, so the change
 * stream itself carries the recomputation. Done again after an interrupt, it goes on where it was.
 */
export async function rebuild(
  clients: Clients,
  tables: RebuildTables,
  { metrics, stop, onStep }: RebuildOptions,
): Promise<Rebuilt> {
  const { postsTable, countersTable } = tables;
  const wanted = metrics.map(metricId);
  const { answeredAt: now } = await streamOf(clients, tables);
  const begun = await changeRegistry(clients, countersTable, (registry) => withRebuild(registry, wanted, now).registry);
  const generation = begun.newest;
  onStep({ name: 'begun', generation });

  let posts = 0;
  const ended = (outcome: Rebuilt['outcome'], incomplete: readonly string[] = []) => ({ outcome, posts, incomplete });
  // A function that does not count a metric takes it out of the registry before it calls a change counted.
  let missing: readonly string[] = [];
  const lookForMissing = (registry: Registry | undefined): boolean => {
    missing = metrics.filter((metric) => registry?.metrics[metricId(metric)] === undefined).map(({ name }) => name);
    return missing.length > 0;
  };
  for (let found = -1; found !== 0; ) {
    found = 0;
    for await (const touched of sweep(clients, postsTable, generation)) {
      posts += touched - found;
      found = touched;
      onStep({ name: 'touched', posts });
      if (stop.aborted) return ended('stopped');
      if (lookForMissing(await readRegistry(clients, countersTable))) return ended('notCounted', missing);
    }
  }
  // Posts are stamped with the generation from when it began, be it by another rebuild that this one goes on with.
  const since = Math.min(now, generation * 1000) - clocksMs;
  const inVain = new AbortController();
  const onBehind = async (shards: number) => {
    onStep({ name: 'waiting', shards });
    if (lookForMissing(await readRegistry(clients, countersTable))) inVain.abort();
  };
  const waiting = {
    stop: AbortSignal.any([stop, inVain.signal]),
    since,
    // Their changes make the generation inexact, below.
    givenUp: () => shardsGivenUp(clients, tables.quarantineBucket, generation),
    onBehind,
  };
  if (!(await drained(clients, tables, waiting))) {
    return inVain.signal.aborted ? ended('notCounted', missing) : ended('stopped');
  }

  const givenUp = await changesGivenUp(clients, tables.quarantineBucket);
  if (givenUp !== undefined) await markInexact(clients, countersTable, generationAt(givenUp.lastAt));
  const complete = (registry: Registry) => withCompleted(registry, generation);
  const completed = await changeRegistry(clients, countersTable, complete);
  if (lookForMissing(completed)) return ended('notCounted', missing);
  const overtaken = metrics.filter((metric) => completed.metrics[metricId(metric)]?.building !== undefined);
  if (overtaken.length > 0) {
    return ended(
      'overtaken',
      overtaken.map(({ name }) => name),
    );
  }
  onStep({ name: 'completed' });
  const onDeleted = (counters: number) => onStep({ name: 'deleted', counters });
  await deleteOld(clients, countersTable, completed, { stop, onDeleted });
  return ended(completed.inexactUpTo >= generation ? 'inexact' : 'completed');
}

/** Metrics that are new or changed, or whose counters miss a change. None where there are no posts to count. */
export async function metricsInNeed(
  clients: Clients,
  { postsTable, countersTable, quarantineBucket }: RebuildTables,
): Promise<readonly Metric[]> {
  const registry = await readRegistry(clients, countersTable);
  const givenUp = await changesGivenUp(clients, quarantineBucket);
  const needed = inNeedOfRebuild(registry, model.map(metricId), givenUp?.lastAt);
  if (needed.length === 0) return [];
  const { Items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName: postsTable, Limit: 1 }));
  if (Items.length === 0 && registry === undefined) return [];
  return model.filter((metric) => needed.includes(metricId(metric)));
}
