import type { FeedName } from '../rules/rule.ts';
import { type Verdict, verdicts } from './compare-parts.ts';

/** Posts with `ind` mod `of` = `part`, and counters by a hash. `{of: 1, part: 0}` is all. */
export interface Sample {
  readonly of: number;
  readonly part: number;
}

/** Of a feed or a metric. */
export const mostExamples = 5;

export interface RefereeEvent {
  /** @default - as many as one invocation can take, another part each run */
  readonly sample?: Sample;
}

/** How far the layers differ. JSON; exact numbers are texts. */
export interface RefereeReport {
  /** The run whose silver was read; null before the first, when posts were not compared. */
  readonly run: string | null;
  readonly watermark: number | null;
  readonly sample: Sample;
  /** In the posts table, in all. */
  readonly posts: number;
  /** Records of topics that lie below the watermark, between others of their partition, and are not in raw. */
  readonly missingOffsets: number;
  readonly feeds: Readonly<Record<FeedName, FeedReport>>;
  readonly metrics: readonly MetricReport[];
  /** Rows and counters that differ, in all. */
  readonly drift: number;
}

export interface FeedReport {
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly drift: number;
  /** A few posts that differ. */
  readonly examples: readonly { readonly ind: number; readonly verdict: Verdict }[];
}

export interface MetricReport {
  readonly name: string;
  /**
   * `building`: it has no complete counters, so there is nothing to compare. `inexact`: they are known to miss a change.
   * `rebuilt`: others took their place while they were read, so nothing can be said.
   */
  readonly state: 'exact' | 'inexact' | 'building' | 'rebuilt';
  readonly compared: number;
  /** Counters that changed while they were read. */
  readonly moving: number;
  readonly drift: number;
  readonly examples: readonly { readonly counter: string; readonly live: string; readonly recomputed: string }[];
}

/**
 * Rows that a door accepted and a layer does not have although they arrived below the watermark: records missing from
 * topics, and posts whose newest row, told by its coordinates, one layer has and the other has not.
 */
export function lostRows({ missingOffsets, feeds }: Pick<RefereeReport, 'missingOffsets' | 'feeds'>): number {
  const lost = Object.values(feeds).map(
    ({ verdicts: { notInPosts, notInSilver, otherRow } }) => notInPosts + notInSilver + otherRow,
  );
  return missingOffsets + sum(lost);
}

/** Whether a text is in the sample: by a 32-bit hash (FNV-1a) of its UTF-16. */
export function isSampled({ of, part }: Sample, text: string): boolean {
  if (of === 1) return true;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % of === part;
}

/** Reports of all parts of a sample as the one of the whole. */
export function merged(reports: readonly RefereeReport[]): RefereeReport {
  const [first] = reports;
  if (first === undefined) throw new RangeError('There is no report to merge');
  const feed = (name: FeedName): FeedReport => {
    const all = reports.map(({ feeds }) => feeds[name]);
    const verdictOf = (verdict: Verdict) => sum(all.map(({ verdicts }) => verdicts[verdict]));
    return {
      verdicts: Object.fromEntries(verdicts.map((verdict) => [verdict, verdictOf(verdict)])) as Record<Verdict, number>,
      drift: sum(all.map(({ drift }) => drift)),
      examples: all.flatMap(({ examples }) => examples).slice(0, mostExamples),
    };
  };
  return {
    ...first,
    sample: { of: 1, part: 0 },
    feeds: { pin: feed('pin'), geo: feed('geo'), user: feed('user') },
    metrics: first.metrics.map((metric, at) => {
      const all = reports.map(({ metrics }) => metrics[at]!);
      return {
        ...metric,
        state: all.map(({ state }) => state).find((state) => state !== 'exact') ?? 'exact',
        compared: sum(all.map(({ compared }) => compared)),
        moving: sum(all.map(({ moving }) => moving)),
        drift: sum(all.map(({ drift }) => drift)),
        examples: all.flatMap(({ examples }) => examples).slice(0, mostExamples),
      };
    }),
    drift: sum(reports.map(({ drift }) => drift)),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
