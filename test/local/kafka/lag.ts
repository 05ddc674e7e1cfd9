import type { Admin } from '@platformatic/kafka';

/** Records of the topics that the group has not read yet; those of a partition without a committed offset count whole. */
export async function lagOf(admin: Admin, group: string, topics: readonly string[]): Promise<bigint> {
  const { topics: described } = await admin.metadata({ topics: [...topics], forceUpdate: true });
  const ends = await listed(admin, described, -1n);
  const starts = await listed(admin, described, -2n);
  const [found] = await admin.listConsumerGroupOffsets({ groups: [group] }).catch(() => []);
  const committed = new Map<string, bigint>(
    (found?.topics ?? []).flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset }) => [`${name}-${partitionIndex}`, committedOffset] as const),
    ),
  );
  let lag = 0n;
  for (const [partition, end] of ends) {
    const at = committed.get(partition) ?? -1n;
    const start = starts.get(partition) ?? 0n;
    lag += end - (at > start ? at : start);
  }
  return lag;
}

async function listed(
  admin: Admin,
  topics: ReadonlyMap<string, { readonly partitionsCount: number }>,
  timestamp: bigint,
): Promise<Map<string, bigint>> {
  const answer = await admin.listOffsets({
    topics: [...topics].map(([name, { partitionsCount }]) => ({
      name,
      partitions: Array.from({ length: partitionsCount }, (_, partitionIndex) => ({ partitionIndex, timestamp })),
    })),
  });
  return new Map(
    answer.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => [`${name}-${partitionIndex}`, offset] as const),
    ),
  );
}
