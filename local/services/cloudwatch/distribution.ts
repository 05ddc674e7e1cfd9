/**
 * A set of values by which each statistic can be told: exact but for percentiles, which are within one percent.
 * Values are counted by the logarithm of their size; -1 and 1 have mirrored keys, zero has its own.
 */
export interface Distribution {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Key -> count. Undefined when all values are the same. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/** Neighbouring sizes differ by two percent, so the middle of them is within one. */
const STEP = Math.log(1.02);
const ZERO = 'z';

export function distributionOf(values: readonly number[]): Distribution | undefined {
  let whole: Gathering | undefined;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (whole === undefined) whole = { count: 1, sum: value, min: value, max: value };
    else gather(whole, { count: 1, sum: value, min: value, max: value });
  }
  return whole;
}

/** All of them, as `PutMetricData` takes values with counts. */
export function repeated(value: number, count: number): Distribution {
  return { count, sum: value * count, min: value, max: value };
}

export function merged(a: Distribution, b: Distribution): Distribution {
  const both = gathering(a);
  gather(both, b);
  return both;
}

/** A distribution that grows in place, as it does for each value that is put. */
export type Gathering = { -readonly [K in keyof Omit<Distribution, 'sizes'>]: Distribution[K] } & {
  sizes?: Record<string, number>;
};

export const gathering = (of: Distribution): Gathering => ({ ...of, ...(of.sizes && { sizes: { ...of.sizes } }) });

export function gather(into: Gathering, more: Distribution): void {
  if (into.sizes === undefined && (more.min !== into.min || more.max !== into.max)) into.sizes = { ...sizesOf(into) };
  into.count += more.count;
  into.sum += more.sum;
  into.min = Math.min(into.min, more.min);
  into.max = Math.max(into.max, more.max);
  if (into.sizes === undefined) return;
  for (const [key, count] of Object.entries(sizesOf(more))) into.sizes[key] = (into.sizes[key] ?? 0) + count;
}

const STATISTICS: Readonly<Record<string, (of: Distribution) => number>> = {
  Sum: ({ sum }) => sum,
  Average: ({ sum, count }) => sum / count,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
  SampleCount: ({ count }) => count,
};

/** How a statistic is computed; undefined when there is none of that name. */
export function statisticOf(name: string): ((of: Distribution) => number) | undefined {
  if (Object.hasOwn(STATISTICS, name)) return STATISTICS[name];
  const percent = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/.exec(name)?.[1];
  return percent === undefined ? undefined : (of) => percentile(of, Number(percent) / 100);
}

function percentile(of: Distribution, share: number): number {
  const rank = Math.max(1, Math.ceil(of.count * share));
  if (rank >= of.count) return of.max;
  let seen = 0;
  const sizes = Object.entries(sizesOf(of)).map(([key, count]) => ({ value: sizeOfKey(key), count }));
  for (const { value, count } of sizes.sort((a, b) => a.value - b.value)) {
    seen += count;
    if (seen >= rank) return Math.min(of.max, Math.max(of.min, value));
  }
  return of.max;
}

const sizesOf = ({ sizes, min, count }: Distribution): Readonly<Record<string, number>> =>
  sizes ?? { [keyOf(min)]: count };

function keyOf(value: number): string {
  if (value === 0) return ZERO;
  const size = Math.round(Math.log(Math.abs(value)) / STEP);
  return value > 0 ? `${size}` : `n${size}`;
}

function sizeOfKey(key: string): number {
  if (key === ZERO) return 0;
  return key.startsWith('n') ? -Math.exp(Number(key.slice(1)) * STEP) : Math.exp(Number(key) * STEP);
}
