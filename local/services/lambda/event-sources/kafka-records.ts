import type { BatchRecord } from './shard-batcher.ts';

/** As the client decodes it: offsets and times are relative to those of the batch. */
export interface FetchedBatch {
  readonly attributes: number;
  readonly firstOffset: bigint;
  readonly firstTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly lastOffsetDelta: number;
  readonly records: readonly FetchedRecord[];
}

export interface FetchedRecord {
  readonly offsetDelta: number;
  readonly timestampDelta: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Iterable<readonly [Buffer | null, Buffer | null]>;
}

/** https://kafka.apache.org/documentation/#recordbatch */
const LOG_APPEND_TIME = 1 << 3;
const CONTROL = 1 << 5;

export const partitionName = (topic: string, partition: number): string => `${topic}-${partition}`;

/** What a report of failures and a batch's records name the same way. */
export const kafkaItem = (partition: string, offset: unknown): string => `${partition}@${offset}`;

/**
 * The records of a batch from an offset on. A compacted or compressed batch may begin before it.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
export function recordsOf(
  batch: FetchedBatch,
  { topic, partition, from }: { readonly topic: string; readonly partition: number; readonly from: bigint },
): BatchRecord[] {
  if ((batch.attributes & CONTROL) !== 0) return [];
  const appended = (batch.attributes & LOG_APPEND_TIME) !== 0;
  return batch.records.flatMap(({ offsetDelta, timestampDelta, key, value, headers }) => {
    const offset = batch.firstOffset + BigInt(offsetDelta);
    if (offset < from) return [];
    const timestamp = Number(appended ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta);
    const record = {
      topic,
      partition,
      offset: Number(offset),
      timestamp,
      timestampType: appended ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
      ...(key && { key: key.toString('base64') }),
      ...(value && { value: value.toString('base64') }),
      headers: [...headers].map(([name, bytes]) => ({ [String(name)]: [...(bytes ?? [])] })),
    };
    const item = kafkaItem(partitionName(topic, partition), offset);
    return [{ sequenceNumber: String(offset), arrival: timestamp, json: JSON.stringify(record), item }];
  });
}

export interface ClusterOfEvent {
  readonly eventSourceArn: string;
  readonly bootstrapServers: string;
}

/** The event that a function gets: https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html */
export function kafkaEvent(
  { eventSourceArn, bootstrapServers }: ClusterOfEvent,
  partition: string,
  records: readonly BatchRecord[],
): string {
  const head = JSON.stringify({ eventSource: 'aws:kafka', eventSourceArn, bootstrapServers });
  const list = `{${JSON.stringify(partition)}:[${records.map(({ json }) => json).join(',')}]}`;
  return `${head.slice(0, -1)},"records":${list}}`;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html */
export function kafkaBatchInfo(cluster: ClusterOfEvent, partition: string, records: readonly BatchRecord[]): object {
  const [first, last] = [records[0]!, records.at(-1)!];
  return {
    batchSize: records.length,
    ...cluster,
    payloadSize: Buffer.byteLength(kafkaEvent(cluster, partition, records)),
    recordsInfo: {
      [partition]: {
        firstRecordOffset: first.sequenceNumber,
        lastRecordOffset: last.sequenceNumber,
        firstRecordTimestamp: new Date(first.arrival).toISOString(),
        lastRecordTimestamp: new Date(last.arrival).toISOString(),
      },
    },
  };
}
