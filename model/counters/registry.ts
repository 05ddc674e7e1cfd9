/** Which counters there are, and which of them are complete: one item of the counters table. */
export interface Registry {
  /** The newest generation. Posts stamped with a lower one are touched until there are none. */
  readonly newest: number;
  /** Counters of this generation and of lower ones miss a change that could not be read. -1: of none. */
  readonly inexactUpTo: number;
  /** By `<metric>.<hash of its definition>`. */
  readonly metrics: Readonly<Record<string, Generations>>;
}

/**
 * The generations of a metric's counters. Those of generation g count only what posts with `gen` of g or greater say,
 * so they are complete once there is no post below.
 */
export interface Generations {
  /** Complete, and what answers are read from. */
  readonly active?: number;
  /** On its way. */
  readonly building?: number;
}

/** The item's key in the counters table. */
export const registryKey = { pk: 'registry', sk: 'registry' } as const;

/** Partition of the items that say how far each stream shard has been folded; the shard is their sort key. */
export const progressPartition = 'progress';

/** The generation of a post that was never stamped. */
export const unstamped = -1;

/** The generation that posts are stamped with before there is a registry. Later ones are epoch seconds. */
export const firstGeneration = 0;

/** @param complete whether every post has the first stamp, so that the change stream has told or will tell all of them */
export function firstRegistry(metricIds: readonly string[], complete: boolean): Registry {
  const generations: Generations = complete ? { active: firstGeneration } : { building: firstGeneration };
  return {
    newest: firstGeneration,
    inexactUpTo: unstamped,
    metrics: Object.fromEntries(metricIds.map((id) => [id, generations])),
  };
}

/** The generations in which a metric is counted. */
export function generationsOf(registry: Registry, metricId: string): readonly number[] {
  const { active, building } = registry.metrics[metricId] ?? {};
  return [active, building].filter((generation) => generation !== undefined);
}

/** The generation to read a metric from; undefined while it has no complete one. */
export const liveGeneration = (registry: Registry | undefined, metricId: string): number | undefined =>
  registry?.metrics[metricId]?.active;

export const isExact = (registry: Registry, metricId: string): boolean =>
  (liveGeneration(registry, metricId) ?? unstamped) > registry.inexactUpTo;

/** Whether a metric's counters began after a moment, in epoch milliseconds, and so miss nothing from before it. */
export const beganAfter = (registry: Registry, metricId: string, ms: number): boolean =>
  (liveGeneration(registry, metricId) ?? unstamped) > Math.floor(ms / 1000);

/**
 * What a rebuild would mend: metrics without complete counters, or whose counters miss a change.
 * @param givenUpAt epoch milliseconds at which changes were last given up
 */
export const inNeedOfRebuild = (
  registry: Registry | undefined,
  metricIds: readonly string[],
  givenUpAt?: number,
): readonly string[] =>
  metricIds.filter(
    (id) =>
      registry === undefined ||
      !isExact(registry, id) ||
      (givenUpAt !== undefined && !beganAfter(registry, id, givenUpAt)),
  );

/**
 * The registry in which these metrics are being built in a new generation. A rebuild of the same metrics that is under
 * way goes on, unless it misses a change already; entries of metrics that the model no longer has are dropped. By the
 * clock, a generation is above those of posts whose registry was lost.
 * @param now epoch milliseconds
 */
export function withRebuild(
  registry: Registry,
  model: readonly string[],
  wanted: readonly string[],
  now: number,
): { readonly registry: Registry; readonly generation: number } {
  const under = wanted.map((id) => registry.metrics[id]?.building);
  const goesOn = under.every((building) => building === registry.newest) && registry.newest > registry.inexactUpTo;
  const generation = goesOn ? registry.newest : Math.max(registry.newest + 1, Math.floor(now / 1000));
  const entries = model.flatMap((id): [string, Generations][] => {
    const known = registry.metrics[id];
    if (wanted.includes(id)) return [[id, { ...(known?.active !== undefined && known), building: generation }]];
    return known === undefined ? [] : [[id, known]];
  });
  return { generation, registry: { ...registry, newest: generation, metrics: Object.fromEntries(entries) } };
}

/** The registry in which what was built in a generation is complete. */
export function withCompleted(registry: Registry, generation: number): Registry {
  const entries = Object.entries(registry.metrics).map(([id, known]): [string, Generations] => [
    id,
    // Every post is at this generation or above it, so what an older rebuild began is complete too.
    known.building !== undefined && known.building <= generation ? { active: known.building } : known,
  ]);
  return { ...registry, metrics: Object.fromEntries(entries) };
}
