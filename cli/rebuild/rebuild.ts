import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { metricId } from '../../model/counters/keys.ts';
import { inNeedOfRebuild, type Registry, withCompleted, withRebuild } from '../../model/counters/registry.ts';
import { metrics as model } from '../../model/metrics/index.ts';
import type { Metric } from '../../model/metrics/metric.ts';
import type { Clients } from '../aws.ts';
import { changesGivenUp } from '../quarantine/changes.ts';
import { drained, type Tables } from './drain.ts';
import { changeRegistry, readRegistry } from './registry.ts';
import { deleteOld, sweep } from './sweep.ts';

export type RebuildStep =
  | { readonly name: 'begun'; readonly generation: number }
  | { readonly name: 'touched'; readonly posts: number }
  | { readonly name: 'waiting'; readonly shards: number }
  | { readonly name: 'completed' }
  | { readonly name: 'deleted'; readonly counters: number };

export interface RebuildOptions {
  readonly metrics: readonly Metric[];
  readonly stop: AbortSignal;
  readonly onStep: (step: RebuildStep) => void;
}

export interface Rebuilt {
  /** `stopped`: to be gone on with by the same command. `inexact`: a change could not be read meanwhile. */
  readonly outcome: 'completed' | 'inexact' | 'stopped';
  readonly posts: number;
}

/**
 * Gives metrics their whole live history, under traffic: every post is stamped with a new generation, so the change
 * stream itself carries the recomputation. Done again after an interrupt, it goes on where it was.
 */
export async function rebuild(
  clients: Clients,
  tables: Tables,
  { metrics, stop, onStep }: RebuildOptions,
): Promise<Rebuilt> {
  const { postsTable, countersTable } = tables;
  const wanted = metrics.map(metricId);
  const now = Date.now();
  const begun = await changeRegistry(
    clients,
    countersTable,
    (registry) => withRebuild(registry, model.map(metricId), wanted, now).registry,
  );
  const generation = begun.newest;
  onStep({ name: 'begun', generation });

  let posts = 0;
  for (;;) {
    const before = posts;
    const onTouched = (touched: number) => onStep({ name: 'touched', posts: before + touched });
    const touched = await sweep(clients, postsTable, generation, { stop, onTouched });
    posts += touched;
    if (stop.aborted) return { outcome: 'stopped', posts };
    if (touched === 0) break;
  }
  const onBehind = (shards: number) => onStep({ name: 'waiting', shards });
  if (!(await drained(clients, tables, { stop, onBehind }))) return { outcome: 'stopped', posts };

  const complete = (registry: Registry) => withCompleted(registry, generation);
  const completed = await changeRegistry(clients, countersTable, complete);
  onStep({ name: 'completed' });
  const onDeleted = (counters: number) => onStep({ name: 'deleted', counters });
  await deleteOld(clients, countersTable, completed, { stop, onDeleted });
  return { outcome: completed.inexactUpTo >= generation ? 'inexact' : 'completed', posts };
}

/** Metrics that are new or changed, or whose counters miss a change. None where there are no posts to count. */
export async function metricsInNeed(
  clients: Clients,
  { postsTable, countersTable, quarantineBucket }: Tables & { readonly quarantineBucket: string },
): Promise<readonly Metric[]> {
  const registry = await readRegistry(clients, countersTable);
  const givenUp = await changesGivenUp(clients, quarantineBucket);
  const needed = inNeedOfRebuild(registry, model.map(metricId), givenUp?.lastAt);
  if (needed.length === 0) return [];
  const { Items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName: postsTable, Limit: 1 }));
  if (Items.length === 0 && registry === undefined) return [];
  return model.filter((metric) => needed.includes(metricId(metric)));
}
