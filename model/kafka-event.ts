import { latestArrivalMs } from './order-key.ts';
import type { LogRecord } from './rows.ts';

/** What is read of a record as an event source mapping of a topic delivers it. */
export interface DeliveredKafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Epoch ms: LogAppendTime, to which the topics are set. */
  readonly timestamp: number;
  /** Base64; absent or null where the topic holds no value. */
  readonly value?: string | null;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html#msk-sample-event */
export function deliveredKafkaRecord(delivered: DeliveredKafkaRecord): LogRecord {
  const { topic, partition, offset, timestamp, value } = delivered;
  return {
    source: 'kafka',
    topic,
    partition: String(partition),
    offset: String(offset),
    // As the connector lands a record without a time, or with one that no order key holds: it stops no partition.
    arrivalMs: timestamp >= 0 && timestamp <= latestArrivalMs ? timestamp : 0,
    bytes: Buffer.from(value ?? '', 'base64'),
  };
}
