import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, paginateGetExecutionHistory, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { FeedName } from '../../model/rules/rule.ts';
import type { BatchNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { type Step, Steps } from './steps.ts';

/** Arrival dates to clean again, UTC, both included. @default - what arrived since the last run */
export interface DateRange {
  readonly from: string;
  readonly to: string;
}

/** What the clean job counted of a feed, in rows; records are those of the log. */
export interface FeedSummary {
  readonly records: number;
  readonly rows_in: number;
  readonly applied: number;
  readonly duplicate: number;
  readonly superseded: number;
  readonly quarantined: number;
  /** Of `rows_in`: arrived below the watermark of an earlier run, and landed after it. */
  readonly late: number;
}

export type RunResult =
  | {
      /** `unchanged`: readers would see what they see already. */
      readonly outcome: 'changed' | 'unchanged';
      readonly plan: { readonly runId: string; readonly from: string; readonly to: string; readonly watermark: string };
      readonly summary: { readonly feeds: Readonly<Record<FeedName, FeedSummary>> };
    }
  | { readonly outcome: 'overlap' }
  | { readonly outcome: 'failed'; readonly status: string; readonly error: string; readonly cause: string }
  /** No longer followed; it goes on. */
  | { readonly outcome: 'left' };

/** A run that ended well. */
export type EndedRun = Extract<RunResult, { readonly outcome: 'changed' | 'unchanged' }>;

/** Step Functions allow an account 15 descriptions a second: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const longestPauseMs = 500;

export interface FollowOptions {
  readonly onStep?: (step: Step) => void;
  readonly stop?: AbortSignal;
}

/** @returns the ARN of the execution */
export async function startRun({ states }: Clients, { machineArn }: BatchNames, range?: DateRange): Promise<string> {
  const input = JSON.stringify(range === undefined ? {} : { from: range.from, to: range.to });
  const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn: machineArn, input }));
  return executionArn!;
}

/** Follows an execution of the state machine to its end. */
export async function followRun(
  { states }: Clients,
  executionArn: string,
  { onStep, stop }: FollowOptions = {},
): Promise<RunResult> {
  const steps = new Steps();
  for (let pause = 200; ; pause = Math.min(longestPauseMs, pause * 1.2)) {
    // Asked first, so that the history read after the end is whole.
    const { status, output, error, cause } = await states.send(new DescribeExecutionCommand({ executionArn }));
    const asked = { executionArn, includeExecutionData: false };
    for await (const { events } of paginateGetExecutionHistory({ client: states }, asked)) {
      for (const event of events ?? []) for (const step of steps.take(event)) onStep?.(step);
    }
    if (status === 'SUCCEEDED') return JSON.parse(output ?? 'null') as RunResult;
    if (status !== 'RUNNING') {
      return { outcome: 'failed', status: status ?? '', error: error ?? '', cause: cause ?? '' };
    }
    if (stop?.aborted) return { outcome: 'left' };
    await sleep(pause, undefined, { ...(stop && { signal: stop }) }).catch(() => undefined);
  }
}

/** The run that readers see. */
export interface Pointer {
  readonly runId: string;
  /** Epoch ms: it holds what arrived before. */
  readonly watermark: number;
}

/** undefined before the first run. */
export async function readPointer({ dynamodb }: Clients, { runsTable }: BatchNames): Promise<Pointer | undefined> {
  const { Item } = await dynamodb.send(
    new GetCommand({ TableName: runsTable, Key: { id: 'batch' }, ConsistentRead: true }),
  );
  const pointer = Item?.['pointer'] as Pointer | undefined;
  return pointer && { runId: pointer.runId, watermark: Number(pointer.watermark) };
}
