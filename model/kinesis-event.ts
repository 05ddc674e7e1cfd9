import { checked } from './coordinates.ts';
import type { LogRecord } from './rows.ts';

/** What is read of a record as an event source mapping delivers it. */
export interface DeliveredRecord {
  /** `<shard id>:<sequence number>` */
  readonly eventID: string;
  /** `arn:…:stream/<name>` */
  readonly eventSourceARN: string;
  readonly kinesis: {
    readonly sequenceNumber: string;
    /** Epoch seconds, with fractions. */
    readonly approximateArrivalTimestamp: number;
    /** Base64. */
    readonly data: string;
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html#services-kinesis-event-example */
export function deliveredRecord({ eventID, eventSourceARN, kinesis }: DeliveredRecord): LogRecord {
  return {
    source: 'kinesis',
    topic: eventSourceARN.split(':stream/')[1]?.split('/')[0] ?? eventSourceARN,
    partition: eventID.split(':')[0] ?? '',
    offset: kinesis.sequenceNumber,
    arrivalMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    bytes: Buffer.from(kinesis.data, 'base64'),
  };
}

/** Where event source mappings put the batches that they give up, in an S3 destination. */
export const parkedPrefix = 'aws/lambda/';

/** An object is no batch that an event source mapping gave up. */
export class ParkedBatchError extends Error {
  override readonly name = 'ParkedBatchError';
}

/**
 * The records of a batch that an event source mapping gave up, as its on-failure destination in S3 keeps it:
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 * @throws ParkedBatchError
 */
export function parkedRecords(json: string): readonly LogRecord[] {
  try {
    const { payload } = JSON.parse(json) as { payload: unknown };
    // The event, as text.
    const event = typeof payload === 'string' ? JSON.parse(payload) : payload;
    return (event as { Records: readonly DeliveredRecord[] }).Records.map((record) => checked(deliveredRecord(record)));
  } catch (error) {
    throw new ParkedBatchError(`It holds no records of a Kinesis stream: ${(error as Error).message}`);
  }
}

/** The shard of a parked batch, by its key `aws/lambda/<mapping id>/<shard id>/<date>/<time>-<id>`. */
export const shardOfParked = (key: string): string | undefined => key.split('/')[3];

/** Where the aggregate function keeps changes of posts that it cannot read, one object each. */
export const unreadableChangesPrefix = 'quarantine/changes/';

/** Below which an object is something that was given up and waits for somebody. */
export const givenUpPrefixes: readonly string[] = [parkedPrefix, unreadableChangesPrefix];

/**
 * Whether an object of what was given up is of changes of a table, and so holds no rows: of a batch, the id of such a
 * shard has 28 characters at least, that of a Kinesis stream 20.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Shard.html
 */
export const holdsChanges = (key: string): boolean =>
  key.startsWith(unreadableChangesPrefix) || (shardOfParked(key)?.length ?? 0) >= 28;
