/** Which counters there are, and which of them are complete: one item of the counters table. */
export interface Registry {
  /** The newest generation. Posts stamped with a lower one are touched until there are none. */
  readonly newest: number;
  /** Counters of this generation and of lower ones miss a change that could not be read or was given up. -1: of none. */
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

/** The stamp of a post whose writer knew of no registry. Generations are epoch seconds, and so above it. */
export const unregistered = 0;

/** The registry of counters of which nothing is known: none are complete. @param generation above that of every post */
export const emptyRegistry = (generation: number): Registry => ({
  newest: generation,
  inexactUpTo: unstamped,
  metrics: {},
});

/**
 * The registry of counters that are complete from their beginning, because every post has a change that is still to be
 * counted. Posts stamped below its generation count when the touch of that change is told.
 */
export const completeRegistry = (metricIds: readonly string[], generation: number): Registry => ({
  ...emptyRegistry(generation),
  metrics: Object.fromEntries(metricIds.map((id) => [id, { active: generation }])),
});

/** The generation that begins at a moment. @param now epoch ms */
export const generationAt = (now: number): number => Math.floor(now / 1000);

/**
 * Metrics that the registry has and a model does not. Who counts by that model passes over changes of theirs, so what the
 * registry says of them is not true any more.
 */
export const notCounted = (registry: Registry, metricIds: readonly string[]): readonly string[] =>
  Object.keys(registry.metrics).filter((id) => !metricIds.includes(id));

/** The generations in which a metric is counted. */
export function generationsOf(registry: Registry, metricId: string): readonly number[] {
  const { active, building } = registry.metrics[metricId] ?? {};
  return [active, building].filter((generation) => generation !== undefined);
}

/** The generation to read a metric from; undefined while it has no complete one. Read it between two looks: see {@link isWhole}. */
export const liveGeneration = (registry: Registry | undefined, metricId: string): number | undefined =>
  registry?.metrics[metricId]?.active;

/**
 * Whether what was read of these metrics between two looks at the registry is whole. A rebuild deletes the counters of a
 * generation only after the registry has moved on from it, so they were all there if it had not at the second look.
 */
export const isWhole = (
  before: Registry | undefined,
  after: Registry | undefined,
  metricIds: readonly string[],
): boolean => metricIds.every((id) => liveGeneration(before, id) === liveGeneration(after, id));

export const isExact = (registry: Registry, metricId: string): boolean =>
  (liveGeneration(registry, metricId) ?? unstamped) > registry.inexactUpTo;

/** Whether a metric's counters began after a moment, in epoch milliseconds, and so miss nothing from before it. */
export const beganAfter = (registry: Registry, metricId: string, ms: number): boolean =>
  (liveGeneration(registry, metricId) ?? unstamped) > generationAt(ms);

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
 * way goes on, unless it misses a change already. By the clock, a generation is above those of posts whose registry was
 * lost.
 * @param now epoch milliseconds
 */
export function withRebuild(
  registry: Registry,
  wanted: readonly string[],
  now: number,
): { readonly registry: Registry; readonly generation: number } {
  const under = wanted.map((id) => registry.metrics[id]?.building);
  const goesOn = under.every((building) => building === registry.newest) && registry.newest > registry.inexactUpTo;
  const generation = goesOn
    ? registry.newest
    : Math.max(registry.newest + 1, registry.inexactUpTo + 1, generationAt(now));
  const building = wanted.map((id): [string, Generations] => {
    const { active } = registry.metrics[id] ?? {};
    return [id, { ...(active !== undefined && { active }), building: generation }];
  });
  const metrics = { ...registry.metrics, ...Object.fromEntries(building) };
  return { generation, registry: { ...registry, newest: generation, metrics } };
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
