import { asciiJson } from '../cli/emulator/door.ts';
import { feedNames, type RawPost, syntheticPost } from '../cli/emulator/posts.ts';
import type { FeedName } from '../model/rules/rule.ts';

const seed = 100;

/** The synthetic posts from number `first` on. */
export const postsFrom = (first: number, count: number): readonly RawPost[] =>
  Array.from({ length: count }, (_, at) => syntheticPost(seed, first + at));

export interface StreamRecord {
  readonly feed: FeedName;
  readonly ind: number;
  /** What the door stores of a row: its JSON. */
  readonly json: string;
}

/** The three records of each post, in the order in which clients send them. */
export function recordsOf(first: number, posts: readonly RawPost[]): readonly StreamRecord[] {
  return posts.flatMap((post, at) =>
    feedNames.map((feed) => ({ feed, ind: first + at, json: JSON.stringify(post[feed]) })),
  );
}

/** The pin row whose JSON is nearest to the mean length. */
export function averagePin(): { readonly row: unknown; readonly bytes: number } {
  const pins = postsFrom(0, 500).map(({ pin }) => ({ row: pin, bytes: Buffer.byteLength(asciiJson(pin)) }));
  const mean = pins.reduce((sum, { bytes }) => sum + bytes, 0) / pins.length;
  return pins.reduce((best, pin) => (Math.abs(pin.bytes - mean) < Math.abs(best.bytes - mean) ? pin : best));
}
