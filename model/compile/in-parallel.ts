/** Reads under way at a time. */
const most = 16;

/** The results in the order of the items. The first failure is the whole's. */
export async function inParallel<T, R>(items: readonly T[], of: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const left = items.entries();
  const worker = async () => {
    for (const [at, item] of left) results[at] = await of(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}
