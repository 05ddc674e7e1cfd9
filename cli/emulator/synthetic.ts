import { spoiled } from './dirt.ts';
import type { SentPost } from './emulate.ts';
import { feedNames, syntheticPost } from './posts.ts';
import { indexAt } from './schedule.ts';

export interface SyntheticRun {
  readonly seed: number;
  readonly count: number;
  /** Share of rows that are spoiled. */
  readonly dirty: number;
  /** Share of turns that send an earlier post of the run again. */
  readonly duplicates: number;
}

/** The posts of a run, in its order: the same run gives the same posts. */
export function* syntheticPosts({ seed, count, dirty, duplicates }: SyntheticRun): Generator<SentPost> {
  for (let turn = 0; turn < count; turn++) {
    const index = indexAt(seed, turn, duplicates);
    const rows = spoiled(seed, index, syntheticPost(seed, index), dirty);
    yield { index, rows: feedNames.map((feed) => [feed, rows[feed]] as const) };
  }
}
