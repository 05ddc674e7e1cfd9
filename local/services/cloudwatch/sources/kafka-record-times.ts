import { Consumer } from '@platformatic/kafka';
import { unsecuredToken } from '../../../engines/kafka/token.ts';
import { SUPER_USER } from '../../../engines/kafka.ts';
import { type FetchedBatch, recordsOf } from '../../lambda/event-sources/kafka-records.ts';

const FETCH_BYTES = 65_536;
const REQUEST_LIMIT_MS = 20_000;

/** A partition that a consumer group has read up to an offset. */
export interface Behind {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** The next to be read. */
  readonly offset: bigint;
  readonly lag: number;
}

/** Of the first record that each has not read yet, milliseconds. */
export async function timesOf(bootstrapServers: string, behind: readonly Behind[]): Promise<Map<Behind, number>> {
  const times = new Map<Behind, number>();
  if (behind.length === 0) return times;
  const consumer = new Consumer({
    clientId: 'pinflow-metrics',
    groupId: 'pinflow-metrics',
    bootstrapBrokers: [bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: () => unsecuredToken(SUPER_USER) },
    requestTimeout: REQUEST_LIMIT_MS,
    retries: 0,
  });
  try {
    const { topics } = await consumer.metadata({ topics: [...new Set(behind.map(({ topic }) => topic))] });
    for (const one of behind) {
      const { topic, partition, offset } = one;
      const { id: topicId, partitions } = topics.get(topic)!;
      const wanted = {
        partition,
        fetchOffset: offset,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
        partitionMaxBytes: FETCH_BYTES,
      };
      const node = partitions[partition]!.leader;
      const { responses } = await consumer.fetch({ node, maxWaitTime: 1, topics: [{ topicId, partitions: [wanted] }] });
      const batches = responses.flatMap((response) => response.partitions).flatMap(({ records }) => records ?? []);
      const [first] = (batches as unknown as FetchedBatch[]).flatMap((batch) =>
        recordsOf(batch, { topic, partition, from: offset }),
      );
      if (first !== undefined) times.set(one, first.arrival);
    }
  } finally {
    await consumer.close(true).catch(() => {});
  }
  return times;
}
