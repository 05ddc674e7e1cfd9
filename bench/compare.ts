import { quantile } from '../cli/demonstration/latency.ts';

/** Does some units of work and says how many. */
export type Work = () => number | Promise<number>;

export interface Rounds {
  readonly count: number;
  /** How long each way is tried in a round. */
  readonly ms: number;
  readonly now?: () => number;
}

/**
 * Units a second of several ways to do the same thing: all of them in every round, so that what disturbs the machine
 * meets all of them, and the median of the rounds. A round before the first is not counted.
 */
export async function compare<K extends string>(
  ways: Readonly<Record<K, Work>>,
  { count, ms, now = () => performance.now() }: Rounds,
): Promise<Record<K, number>> {
  const names = Object.keys(ways) as K[];
  const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round <= count; round++) {
    for (const name of names) {
      const rate = await rateOf(ways[name], ms, now);
      if (round > 0) rates[name].push(rate);
    }
  }
  return Object.fromEntries(names.map((name) => [name, Math.round(quantile(rates[name], 0.5)!)])) as Record<K, number>;
}

async function rateOf(work: Work, ms: number, now: () => number): Promise<number> {
  const began = now();
  let units = 0;
  let elapsed = 0;
  do {
    units += await work();
    elapsed = now() - began;
  } while (elapsed < ms);
  return (units * 1000) / elapsed;
}
