import type { InvocationResult } from '../function-definition.ts';
import { kafkaItem } from './kafka-records.ts';
import type { BatchOutcome } from './shard-batcher.ts';

type Result = Pick<InvocationResult, 'failed' | 'payload'>;

/** https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html */
const STATE_BYTES = 1_000_000;

/**
 * What an invocation says of its batch. With `ReportBatchItemFailures` the lowest of the reported records counts; an
 * empty or null report is a success, one that cannot be understood is a failure of the whole batch:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 *
 * @param itemIdentifiers of the batch's records: sequence numbers, or `kafkaItem`s
 */
export function outcomeOf(
  { failed, payload }: Result,
  itemIdentifiers: readonly string[],
  reportsFailures: boolean,
): BatchOutcome {
  if (failed) return { kind: 'failed', from: 0 };
  if (!reportsFailures) return { kind: 'done' };
  const report: unknown = JSON.parse(payload);
  if (report === null) return { kind: 'done' };
  if (typeof report !== 'object') return { kind: 'failed', from: 0 };
  const failures = (report as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return { kind: 'failed', from: 0 };
  if (failures.length === 0) return { kind: 'done' };
  const indexes = failures.map((one: unknown) =>
    itemIdentifiers.indexOf(identifierOf((one as { itemIdentifier?: unknown } | null)?.itemIdentifier)),
  );
  return { kind: 'failed', from: Math.max(0, Math.min(...indexes)) };
}

/** Of Kafka it has two parts: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html */
function identifierOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item);
  const { partition, offset } = item as { partition?: unknown; offset?: unknown };
  return kafkaItem(String(partition), offset);
}

/**
 * What the function keeps in its tumbling window; undefined when it does not say, which is a failure.
 * @throws Error when there is more than a window holds
 */
export function stateOf({ payload }: Result): unknown {
  const report: unknown = JSON.parse(payload);
  if (typeof report !== 'object' || report === null) return undefined;
  const { state } = report as { state?: unknown };
  if (Buffer.byteLength(JSON.stringify(state) ?? '') <= STATE_BYTES) return state;
  throw new Error('The function keeps more than 1 MB in its window; to end one early for that is not built here.');
}
