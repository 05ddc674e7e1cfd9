import { randomUUID } from 'node:crypto';
import { eventOf } from './kinesis-records.ts';
import type { BatchRecord, DiscardCondition } from './shard-batcher.ts';

/** A batch that its mapping gives up. */
export interface Failure {
  readonly mappingId: string;
  readonly functionArn: string;
  readonly streamArn: string;
  readonly shardId: string;
  readonly records: readonly BatchRecord[];
  readonly condition: DiscardCondition;
  readonly invocations: number;
  /** Of the last invocation, if there was one. */
  readonly requestId: string;
}

/**
 * The object that an S3 destination gets, with the records themselves:
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function failureObject(failure: Failure, now: Date): { readonly key: string; readonly body: string } {
  const { mappingId, functionArn, streamArn, shardId, records, condition, invocations, requestId } = failure;
  const [first, last] = [records[0]!, records.at(-1)!];
  const [date, time] = now.toISOString().slice(0, 19).split('T') as [string, string];
  const body = {
    requestContext: { requestId, functionArn, condition, approximateInvokeCount: invocations },
    ...(invocations === 0
      ? {}
      : { responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' } }),
    version: '1.0',
    timestamp: now.toISOString(),
    KinesisBatchInfo: {
      shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: new Date(first.arrival).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.arrival).toISOString(),
      batchSize: records.length,
      streamArn,
    },
    payload: eventOf(records),
  };
  const folder = `aws/lambda/${mappingId}/${shardId}/${date.replaceAll('-', '/')}`;
  return { key: `${folder}/${date}T${time.replaceAll(':', '.')}-${randomUUID()}`, body: JSON.stringify(body) };
}
