import type { BatchRecord } from './shard-batcher.ts';
import type { WindowOfEvent } from './shard-source.ts';

/**
 * The event of a stream's records, with tumbling windows as
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html show it.
 */
export function streamEvent(
  streamArn: string,
  records: readonly BatchRecord[],
  shardId: string,
  window?: WindowOfEvent,
): string {
  const list = `"Records":[${records.map(({ json }) => json).join(',')}]`;
  if (window === undefined) return `{${list}}`;
  const { start, lengthMs, state, final } = window;
  const rest = JSON.stringify({
    window: { start: isoSeconds(start), end: isoSeconds(start + lengthMs) },
    state,
    shardId,
    eventSourceARN: streamArn,
    isFinalInvokeForWindow: final,
    isWindowTerminatedEarly: false,
  });
  return `{${list},${rest.slice(1)}`;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html */
export function streamBatchInfo(streamArn: string, shardId: string, records: readonly BatchRecord[]): object {
  const [first, last] = [records[0]!, records.at(-1)!];
  return {
    shardId,
    startSequenceNumber: first.sequenceNumber,
    endSequenceNumber: last.sequenceNumber,
    approximateArrivalOfFirstRecord: new Date(first.arrival).toISOString(),
    approximateArrivalOfLastRecord: new Date(last.arrival).toISOString(),
    batchSize: records.length,
    streamArn,
  };
}

const isoSeconds = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
