import { type DoorAnswer, ErrorCode, kafkaAnswer, RefusedError, refusal } from './answers.ts';
import type { NewRecord } from './produce-request.ts';
import type { Failure, PlacedRecord, Topics } from './topics.ts';

/** Where a record is, or why it is nowhere. */
export type Fate =
  | { readonly partition: number; readonly offset: bigint }
  | { readonly partition: number; readonly failure: Failure };

/** What a partition takes in one batch: brokers refuse a larger one whole, with Kafka's default of 1,048,588 bytes. */
export const maxBatchBytes = 1_000_000;
/** At most what Kafka adds to each record. */
const recordOverhead = 40;

/**
 * Writes records in one produce, or in as many as their size asks for.
 * @param spread which partition takes the records without key or partition: one for a request, another for the next
 * @returns the fates in the order of the records
 * @throws RefusedError for a partition that is not there; BrokerError when the topic's partitions cannot be learnt
 */
export async function produce(
  topics: Topics,
  topic: string,
  records: readonly NewRecord[],
  spread: number,
): Promise<readonly Fate[]> {
  const { length: count } = await topics.partitions(topic);
  const placed = records.map((record, at) => place(topics, record, `records[${at}]`, count, spread));
  const fates: Fate[] = [];
  for (const batch of batches(placed, fates)) {
    const written = await topics.produce(
      topic,
      batch.map((at) => placed[at]!),
    );
    const next = new Map(written);
    for (const at of batch) {
      const { partition } = placed[at]!;
      const first = next.get(partition) ?? { kind: 'retriable', message: 'The broker did not tell of the record' };
      if (typeof first === 'bigint') next.set(partition, first + 1n);
      fates[at] = typeof first === 'bigint' ? { partition, offset: first } : { partition, failure: first };
    }
  }
  return fates;
}

function place(topics: Topics, record: NewRecord, where: string, count: number, spread: number): PlacedRecord {
  const { partition: wanted, key: text, value } = record;
  if (wanted !== undefined && wanted >= count) {
    const message = `Partition not found: ${where}.partition is ${wanted}, the topic has ${count}, counted from 0.`;
    throw new RefusedError(ErrorCode.partitionNotFound, message);
  }
  const key = text === null ? null : Buffer.from(text);
  const free = key === null ? spread % count : topics.partitionFor(key, count);
  return { partition: wanted ?? free, key, value: Buffer.from(value) };
}

/** Places of records that go out together; what is too large for any gets its fate at once. */
function batches(records: readonly PlacedRecord[], fates: Fate[]): readonly (readonly number[])[] {
  const all: number[][] = [[]];
  let sizes = new Map<number, number>();
  records.forEach(({ partition, key, value }, at) => {
    const bytes = value.length + (key?.length ?? 0) + recordOverhead;
    if (bytes > maxBatchBytes) {
      const message = `The record is larger than ${maxBatchBytes - recordOverhead} bytes, value and key together.`;
      fates[at] = { partition, failure: { kind: 'too-large', message } };
      return;
    }
    if ((sizes.get(partition) ?? 0) + bytes > maxBatchBytes) {
      all.push([]);
      sizes = new Map();
    }
    sizes.set(partition, (sizes.get(partition) ?? 0) + bytes);
    all.at(-1)!.push(at);
  });
  return all.filter((batch) => batch.length > 0);
}

/** By record: https://docs.confluent.io/platform/current/kafka-rest/api.html#post--topics-(string-topic_name) */
const recordErrorCodes: Readonly<Record<Failure['kind'], 1 | 2>> = {
  final: 1,
  'too-large': 1,
  retriable: 2,
  unavailable: 2,
};
const errorCodes: Readonly<Record<Failure['kind'], number>> = {
  unavailable: ErrorCode.unavailable,
  retriable: ErrorCode.kafkaRetriable,
  'too-large': ErrorCode.tooLarge,
  final: ErrorCode.kafka,
};

/** 200 with an entry for each record when at least one was written; an error when none was. */
export function produceAnswer(fates: readonly Fate[]): DoorAnswer {
  const failures = fates.flatMap((fate) => ('failure' in fate ? [fate.failure] : []));
  if (failures.length === fates.length) return failureAnswer(worstOf(failures));
  const offsets = fates.map((fate) =>
    'failure' in fate
      ? {
          partition: null,
          offset: null,
          error_code: recordErrorCodes[fate.failure.kind],
          error: fate.failure.message,
        }
      : { partition: fate.partition, offset: Number(fate.offset), error_code: null, error: null },
  );
  return kafkaAnswer({ offsets, key_schema_id: null, value_schema_id: null });
}

export const failureAnswer = ({ kind, message }: Failure): DoorAnswer => refusal(errorCodes[kind], message);

/** What a client may cure by waiting goes first: nothing was written. */
function worstOf(failures: readonly Failure[]): Failure {
  const order = Object.keys(errorCodes);
  return [...failures].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))[0]!;
}
