import type { CleanFields, CleanValue } from './rules/clean-row.ts';
import type { FeedName } from './rules/rule.ts';

/** What a feed last said of a post. */
export interface Part {
  /** Order key of the row that wrote it. */
  readonly k: string;
  /** Version of the feed's rules that cleaned it. */
  readonly rules: number;
  readonly fields: CleanFields;
}

/** An item of the posts table. */
export interface Post extends Partial<Readonly<Record<FeedName, Part>>> {
  readonly ind: number;
  /** Generation of counters that it was last stamped for; those above it do not count it. @default - never stamped */
  readonly gen?: number;
}

export function sameFields(one: CleanFields, other: CleanFields): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => sameValue(one[name], other[name]));
}

function sameValue(one: CleanValue | undefined, other: CleanValue | undefined): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((element, index) => element === other[index]);
}
