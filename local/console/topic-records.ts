import { Consumer, ListOffsetTimestamps } from '@platformatic/kafka';
import { unsecuredToken } from '../engines/kafka/token.ts';
import { SUPER_USER } from '../engines/kafka.ts';
import type { FetchedBatch } from '../services/lambda/event-sources/kafka-records.ts';
import { recordsOf } from '../services/lambda/event-sources/kafka-records.ts';
import { ConsoleError } from './http.ts';
import type { HeldRecord } from './records.ts';

/** Of a partition, however large its records are: the first of what is asked for always comes. */
const FETCH_BYTES = 262_144;
/** Of a broker on a busy machine. */
const LIMIT_MS = 30_000;

/** The newest records of a topic, by a client of its own, which reads and commits nothing as a group. @throws ConsoleError 503 */
export async function newestOfTopic(bootstrapServers: string, topic: string, shown: number): Promise<HeldRecord[]> {
  const consumer = new Consumer({
    clientId: 'pinflow-console',
    groupId: 'pinflow-console',
    bootstrapBrokers: [bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: () => unsecuredToken(SUPER_USER) },
    connectTimeout: LIMIT_MS,
    requestTimeout: LIMIT_MS,
    timeout: LIMIT_MS,
    retries: 0,
  });
  try {
    const { topics } = await consumer.metadata({ topics: [topic] });
    const { id: topicId, partitions } = topics.get(topic)!;
    const offsets = async (timestamp: bigint) =>
      (await consumer.listOffsets({ topics: [topic], timestamp })).get(topic)!;
    const begins = await offsets(ListOffsetTimestamps.EARLIEST);
    const ends = await offsets(ListOffsetTimestamps.LATEST);
    const found = await Promise.all(
      partitions.map(async ({ leader }, partition) => {
        const [begin, end] = [begins[partition] ?? 0n, ends[partition] ?? 0n];
        const from = end - begin > BigInt(shown) ? end - BigInt(shown) : begin;
        const wanted = {
          partition,
          fetchOffset: from,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1,
          partitionMaxBytes: FETCH_BYTES,
        };
        const { responses } = await consumer.fetch({
          node: leader,
          maxWaitTime: 1,
          topics: [{ topicId, partitions: [wanted] }],
        });
        const batches = responses.flatMap((one) => one.partitions).flatMap(({ records }) => records ?? []);
        return (batches as unknown as FetchedBatch[]).flatMap((batch) =>
          recordsOf(batch, { topic, partition, from }).map(({ json }) => heldRecord(json)),
        );
      }),
    );
    return found
      .flat()
      .sort((a, b) => (b.time ?? 0) - (a.time ?? 0))
      .slice(0, shown);
  } catch (error) {
    throw new ConsoleError(503, `The broker does not answer: ${(error as Error).message}`);
  } finally {
    await consumer.close(true).catch(() => {});
  }
}

/** @param json of a record as a function gets it */
function heldRecord(json: string): HeldRecord {
  const { partition, offset, timestamp, key, value } = JSON.parse(json) as {
    readonly partition: number;
    readonly offset: number;
    readonly timestamp: number;
    readonly key?: string;
    readonly value?: string;
  };
  const text = (base64: string | undefined) =>
    base64 === undefined ? 'null' : Buffer.from(base64, 'base64').toString('utf8');
  return {
    time: timestamp,
    place: { partition: String(partition), offset: String(offset) },
    key: text(key),
    value: text(value),
  };
}
