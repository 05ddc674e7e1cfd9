import { randomUUID } from 'node:crypto';
import type { BatchRecord, DiscardCondition } from './shard-batcher.ts';

/** A batch that its mapping gives up. */
export interface Failure {
  readonly mappingId: string;
  readonly functionArn: string;
  readonly records: readonly BatchRecord[];
  /** Below the mapping's own folder: empty, or beginning with a slash. */
  readonly folder: string;
  /** What the object says of the source. */
  readonly info: object;
  /** The event that the function did not take. */
  readonly payload: string;
  readonly condition: DiscardCondition;
  readonly invocations: number;
  /** Of the last invocation, if there was one. */
  readonly requestId: string;
}

/**
 * The object that an S3 destination gets, with the records themselves:
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html,
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html,
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
 */
export function failureObject(failure: Failure, now: Date): { readonly key: string; readonly body: string } {
  const { mappingId, functionArn, folder, info, payload, condition, invocations, requestId } = failure;
  const [date, time] = now.toISOString().slice(0, 19).split('T') as [string, string];
  const body = {
    requestContext: { requestId, functionArn, condition, approximateInvokeCount: invocations },
    ...(invocations === 0
      ? {}
      : { responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' } }),
    version: '1.0',
    timestamp: now.toISOString(),
    ...info,
    payload,
  };
  const key = `aws/lambda/${mappingId}${folder}/${date.replaceAll('-', '/')}/${date}T${time.replaceAll(':', '.')}-${randomUUID()}`;
  return { key, body: JSON.stringify(body) };
}
