import { InjectedError } from '../../../faults/definitions.ts';
import { type JsonObject, ServiceError } from '../../service.ts';
import type { MetricSink } from '../types.ts';

/** A call of a service, as the front door saw it end. */
export interface ObservedCall {
  /** The signing name. */
  readonly service: string;
  readonly operation: string;
  readonly input: JsonObject;
  /** Undefined when it failed. */
  readonly output?: JsonObject;
  readonly error?: unknown;
  readonly ms: number;
}

/** Metrics that are counted call by call. */
export function callMetrics(sink: MetricSink): (call: ObservedCall) => void {
  return (call) => {
    if (call.service === 'kinesis') putIntoStream(sink, call);
    if (call.service === 'dynamodb') tableOperation(sink, call);
  };
}

/** https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html */
function putIntoStream(sink: MetricSink, { operation, input, output, error, ms }: ObservedCall): void {
  if (operation !== 'PutRecord' && operation !== 'PutRecords') return;
  const given = operation === 'PutRecord' ? [input] : listOf(input['Records']);
  const stream = String(input['StreamName'] ?? String(input['StreamARN']).split('/').at(-1));
  const put = (name: string, value: number, unit: string): void =>
    sink.put({ namespace: 'AWS/Kinesis', name, dimensions: { StreamName: stream }, value, unit });
  if (output === undefined) {
    if (isCode(error, 'ResourceNotFoundException')) return;
    put(`${operation}.Success`, 0, 'Count');
    if (isCode(error, 'ProvisionedThroughputExceededException'))
      put('WriteProvisionedThroughputExceeded', given.length, 'Count');
    return;
  }
  const results = operation === 'PutRecord' ? [output] : listOf(output['Records']);
  const taken = given.filter((_, i) => results[i]?.['ErrorCode'] === undefined);
  const refused = given.length - taken.length;
  put('IncomingRecords', taken.length, 'Count');
  put(
    'IncomingBytes',
    taken.reduce((sum, { Data }) => sum + Buffer.byteLength(String(Data), 'base64'), 0),
    'Bytes',
  );
  put(`${operation}.Success`, 1, 'Count');
  put(`${operation}.Latency`, ms, 'Milliseconds');
  put('WriteProvisionedThroughputExceeded', refused, 'Count');
  if (operation === 'PutRecord') return;
  put('PutRecords.TotalRecords', given.length, 'Count');
  put('PutRecords.SuccessfulRecords', taken.length, 'Count');
  put('PutRecords.FailedRecords', 0, 'Count');
  put('PutRecords.ThrottledRecords', refused, 'Count');
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html */
function tableOperation(sink: MetricSink, { operation, input, output, error, ms }: ObservedCall): void {
  const { TableName, RequestItems } = input;
  const named = typeof TableName === 'string' ? [TableName] : Object.keys((RequestItems ?? {}) as JsonObject);
  for (const table of named.map((name) => name.slice(name.lastIndexOf('/') + 1))) {
    const put = (name: string, value: number, unit: string, dimensions: Record<string, string> = {}): void =>
      sink.put({ namespace: 'AWS/DynamoDB', name, dimensions: { TableName: table, ...dimensions }, value, unit });
    const Operation = { Operation: operation };
    if (output !== undefined) {
      put('SuccessfulRequestLatency', ms, 'Milliseconds', Operation);
      const items = output['Items'];
      if (Array.isArray(items)) put('ReturnedItemCount', items.length, 'Count', Operation);
    } else if (!(error instanceof ServiceError) || error.status >= 500) {
      put('SystemErrors', 1, 'Count', Operation);
    } else if (error.code === 'ProvisionedThroughputExceededException' || error.code === 'ThrottlingException') {
      put('ThrottledRequests', 1, 'Count', Operation);
      // What the capacity of a table refuses is counted there.
      if (error instanceof InjectedError) put(`${READS.has(operation) ? 'Read' : 'Write'}ThrottleEvents`, 1, 'Count');
    } else if (error.code === 'ConditionalCheckFailedException') {
      put('ConditionalCheckFailedRequests', 1, 'Count');
    }
  }
}

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan']);
const listOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? (value as JsonObject[]) : []);
const isCode = (error: unknown, code: string): boolean => error instanceof ServiceError && error.code === code;
