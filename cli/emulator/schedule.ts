import { postsInSource } from './posts.ts';
import { randomFor } from './random.ts';

/** Has no factor in common with the number of posts, so its multiples visit them all, far apart. */
const stride = 6_893;

/**
 * Which post is sent as number `turn` of a run: all posts of the source in an order that the seed gives, then
 * further ones. `repeats` is the share of turns that send an earlier post of the run again.
 */
export function indexAt(seed: number, turn: number, repeats: number): number {
  const random = randomFor(seed, 'schedule', turn);
  if (turn > 0 && random.number.float() < repeats) return indexAt(seed, random.number.int(turn - 1), repeats);
  const start = randomFor(seed, 'schedule', -1).number.int(postsInSource - 1);
  return Math.floor(turn / postsInSource) * postsInSource + ((start + turn * stride) % postsInSource);
}
