import type { InvocationResult } from '../function-definition.ts';
import type { BatchOutcome } from './shard-batcher.ts';

/**
 * What an invocation says of its batch. With `ReportBatchItemFailures` the lowest of the reported sequence numbers
 * counts; an empty or null report is a success, one that cannot be understood is a failure of the whole batch:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export function outcomeOf(
  { failed, payload }: Pick<InvocationResult, 'failed' | 'payload'>,
  sequenceNumbers: readonly string[],
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
    sequenceNumbers.indexOf(String((one as { itemIdentifier?: unknown } | null)?.itemIdentifier)),
  );
  return { kind: 'failed', from: Math.max(0, Math.min(...indexes)) };
}
