import type { BatchRecord } from './shard-batcher.ts';

/** As `GetRecords` gives it: data in base64, seconds. */
export interface KinesisRecord {
  readonly SequenceNumber: string;
  readonly PartitionKey: string;
  readonly Data: string;
  readonly ApproximateArrivalTimestamp: number;
}

export interface ShardOrigin {
  readonly shardId: string;
  readonly streamArn: string;
  readonly roleArn: string;
  readonly region: string;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html#services-kinesis-event-example */
export function batchRecord(record: KinesisRecord, { shardId, streamArn, roleArn, region }: ShardOrigin): BatchRecord {
  const { SequenceNumber, PartitionKey, Data, ApproximateArrivalTimestamp } = record;
  const event = {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: PartitionKey,
      sequenceNumber: SequenceNumber,
      data: Data,
      approximateArrivalTimestamp: ApproximateArrivalTimestamp,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shardId}:${SequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: roleArn,
    awsRegion: region,
    eventSourceARN: streamArn,
  };
  return {
    sequenceNumber: SequenceNumber,
    arrival: ApproximateArrivalTimestamp * 1_000,
    json: JSON.stringify(event),
  };
}
