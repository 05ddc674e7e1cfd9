import { metricId } from '../../../model/counters/keys.ts';
import { isExact, liveGeneration, type Registry } from '../../../model/counters/registry.ts';
import { feeds } from '../../../model/feeds/index.ts';
import type { Metric } from '../../../model/metrics/metric.ts';
import type { Post } from '../../../model/post.ts';
import {
  type Counted,
  type CounterComparison,
  CounterSum,
  compareCounters,
} from '../../../model/referee/compare-counters.ts';
import {
  comparePart,
  isDrift,
  type PartScope,
  type SilverRow,
  type Verdict,
  verdicts,
} from '../../../model/referee/compare-parts.ts';
import {
  type FeedReport,
  isSampled,
  type MetricReport,
  mostExamples,
  type RefereeReport,
  type Sample,
} from '../../../model/referee/report.ts';
import { type FeedName, feedNames } from '../../../model/rules/rule.ts';
import type { Pointer } from '../../shared/pointer.ts';

/** The layers, read anew with each call. */
export interface Layers {
  pointer(): Promise<Pointer | undefined>;
  /** Rows of silver by `ind`, for posts of the sample. */
  silver(feed: FeedName, sample: Sample): Promise<ReadonlyMap<number, SilverRow>>;
  /** Of topics: how many there should be in raw besides those that there are, by the first and the last up to the watermark. */
  missingOffsets(watermark: number): Promise<number>;
  posts(): AsyncIterable<Post>;
  registry(): Promise<Registry | undefined>;
  /** @yields counters of every metric and generation; `ttl` in epoch seconds */
  counters(): AsyncIterable<{
    readonly pk: string;
    readonly sk: string;
    readonly value: bigint;
    readonly ttl?: number;
  }>;
}

export interface RefereeOptions {
  readonly metrics: readonly Metric[];
  readonly sample: Sample;
  readonly topicsFeedSpeed: boolean;
  /** For how long after the first look differences may go away by themselves: changes take a while from the posts to the counters. */
  readonly settleMs: number;
  /** Epoch ms at which the last look must be over. */
  readonly end: number;
  now(): number;
  sleep(ms: number): Promise<void>;
}

type Silver = Readonly<Record<FeedName, ReadonlyMap<number, SilverRow>>>;

/**
 * Compares posts with silver row by row, and every complete live counter with what the posts add up to. Posts are read
 * before and after the counters, so what changes meanwhile is not taken for a difference, and all is read again while
 * there is one and time.
 */
export async function referee(layers: Layers, options: RefereeOptions): Promise<RefereeReport> {
  const { metrics, sample, topicsFeedSpeed } = options;
  const pointer = await layers.pointer();
  const silver = pointer && (await readSilver(layers, sample));
  const scope = pointer && { watermark: pointer.watermark, topicsFeedSpeed };
  const missingOffsets = pointer === undefined ? 0 : await layers.missingOffsets(pointer.watermark);
  const registry = await layers.registry();
  const counted = countedIn(registry, metrics);
  const look = () => lookAtPosts(layers, counted, options, silver, scope);
  let before = await look();
  let deadline: number | undefined;
  for (let pause = 250; ; pause = Math.min(4_000, pause * 2)) {
    const live = await readCounters(layers, counted, options);
    const after = await look();
    const found = compareCounters(counted, { before: before.sums, live, after: after.sums });
    const registries = [registry, await layers.registry()] as const;
    const byMetric = metrics.map((metric) => metricReport(metric, registries, found.get(metricId(metric))));
    const drift = [...Object.values(after.feeds), ...byMetric].reduce((sum, each) => sum + each.drift, 0);
    deadline ??= Math.min(options.end, options.now() + options.settleMs);
    if (drift === 0 || options.now() + pause > deadline) {
      const { posts, feeds: byFeed } = after;
      const of = { run: pointer?.runId ?? null, watermark: pointer?.watermark ?? null };
      return { ...of, sample, posts, missingOffsets, feeds: byFeed, metrics: byMetric, drift };
    }
    before = after;
    await options.sleep(pause);
  }
}

async function readSilver(layers: Layers, sample: Sample): Promise<Silver> {
  const [pin, geo, user] = await Promise.all(feedNames.map((feed) => layers.silver(feed, sample)));
  return { pin: pin!, geo: geo!, user: user! };
}

const countedIn = (registry: Registry | undefined, metrics: readonly Metric[]): readonly Counted[] =>
  metrics.flatMap((metric) => {
    const id = metricId(metric);
    const generation = liveGeneration(registry, id);
    return generation === undefined ? [] : [{ metric, id, generation }];
  });

async function readCounters(layers: Layers, counted: readonly Counted[], { sample, now }: RefereeOptions) {
  const sum = new CounterSum(now(), (key) => isSampled(sample, key));
  const wanted = counted.map(({ id, generation }) => `${id}#${generation}#`);
  for await (const { pk, sk, value, ttl } of layers.counters()) {
    if (wanted.some((prefix) => pk.startsWith(prefix))) sum.addCounter(pk, sk, value, ttl);
  }
  return sum.sums;
}

/** One pass over the posts: what they add up to, and how they stand to silver. */
async function lookAtPosts(
  layers: Layers,
  counted: readonly Counted[],
  { sample, now }: RefereeOptions,
  silver: Silver | undefined,
  scope: PartScope | undefined,
) {
  const sum = new CounterSum(now(), (key) => isSampled(sample, key));
  const tallies = { pin: new Tally(), geo: new Tally(), user: new Tally() };
  const unseen = {
    pin: new Set(silver?.pin.keys()),
    geo: new Set(silver?.geo.keys()),
    user: new Set(silver?.user.keys()),
  };
  let posts = 0;
  for await (const post of layers.posts()) {
    // Posts below zero are the pipeline's own marks.
    if (post.ind < 0) continue;
    posts++;
    sum.addPost(post, counted);
    if (silver === undefined || scope === undefined || post.ind % sample.of !== sample.part) continue;
    for (const feed of feedNames) {
      const row = silver[feed].get(post.ind);
      unseen[feed].delete(post.ind);
      if (post[feed] !== undefined || row !== undefined) {
        tallies[feed].add(post.ind, comparePart(feeds[feed], post[feed], row, scope));
      }
    }
  }
  for (const feed of scope === undefined ? [] : feedNames) {
    for (const ind of unseen[feed]) {
      tallies[feed].add(ind, comparePart(feeds[feed], undefined, silver![feed].get(ind), scope!));
    }
  }
  const { pin, geo, user } = tallies;
  return { posts, sums: sum.sums, feeds: { pin: pin.report, geo: geo.report, user: user.report } };
}

class Tally {
  readonly #counts = new Map<Verdict, number>();
  readonly #examples: { ind: number; verdict: Verdict }[] = [];

  add(ind: number, verdict: Verdict): void {
    this.#counts.set(verdict, (this.#counts.get(verdict) ?? 0) + 1);
    if (isDrift(verdict) && this.#examples.length < mostExamples) this.#examples.push({ ind, verdict });
  }

  get report(): FeedReport {
    const counts = verdicts.map((verdict) => [verdict, this.#counts.get(verdict) ?? 0] as const);
    const drift = counts.reduce((sum, [verdict, count]) => sum + (isDrift(verdict) ? count : 0), 0);
    return { verdicts: Object.fromEntries(counts) as Record<Verdict, number>, drift, examples: this.#examples };
  }
}

const nothing: CounterComparison = { compared: 0, moving: 0, drift: [] };

/** @param registries before the counters were read, and after */
function metricReport(
  metric: Metric,
  registries: readonly [before: Registry | undefined, after: Registry | undefined],
  comparison: CounterComparison = nothing,
): MetricReport {
  const state = stateOf(metricId(metric), ...registries);
  const { compared, moving, drift } = state === 'rebuilt' ? nothing : comparison;
  const examples = drift
    .slice(0, mostExamples)
    .map(({ counter, live, recomputed }) => ({ counter, live: String(live), recomputed: String(recomputed) }));
  return { name: metric.name, state, compared, moving, drift: drift.length, examples };
}

/** A rebuild deletes the counters of a generation after the registry has moved on from it. */
function stateOf(id: string, before: Registry | undefined, after: Registry | undefined): MetricReport['state'] {
  const generation = liveGeneration(before, id);
  if (generation === undefined) return 'building';
  if (generation !== liveGeneration(after, id)) return 'rebuilt';
  return isExact(after!, id) ? 'exact' : 'inexact';
}
