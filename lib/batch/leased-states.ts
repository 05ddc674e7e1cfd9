import type { Names } from '../names.ts';
import type { BatchProfile } from '../profiles/index.ts';
import { goldHash, goldStatements } from './gold-statements.ts';
import { maintenanceStates } from './maintenance-states.ts';
import { BATCH_ITEM } from './runs-table.ts';
import { serveStates, sweepState } from './serve-states.ts';
import { IF_BUSY, IF_THROTTLED, type State, type States } from './states.ts';

/* What a run does while it has the lease. */

export interface LeasedStatesProps {
  readonly names: Names;
  readonly batch: BatchProfile;
  readonly gateFunctionArn: string;
  readonly serveFunctionArn: string;
}

const MINUTE = 60;
/** Of a statement of Athena, whose own limit is 30 minutes. */
const STATEMENT_SECONDS = 30 * MINUTE;
const CONCURRENT_STATEMENTS = 4;

/** Of the item that has the lease and the pointer. */
export const itemKey = { id: { S: BATCH_ITEM } };
export const LEASE_NAMES = { '#lease': 'lease', '#runId': 'runId' };

/** From `Clean` on, to a result with an `outcome`. */
export function leasedStates({ names, batch, gateFunctionArn, serveFunctionArn }: LeasedStatesProps): States {
  return {
    Clean: {
      Type: 'Task',
      Resource: 'arn:aws:states:::glue:startJobRun.sync',
      Parameters: {
        JobName: names.cleanJob,
        Arguments: {
          '--run_id.$': '$.plan.runId',
          '--from_date.$': '$.plan.from',
          '--to_date.$': '$.plan.to',
          '--watermark.$': '$.plan.watermark',
          '--logical_date.$': '$.plan.logicalDate',
          '--reclean.$': '$.plan.reclean',
        },
      },
      TimeoutSeconds: batch.timeoutMinutes * MINUTE + 10 * MINUTE,
      Retry: [
        {
          ErrorEquals: ['Glue.ConcurrentRunsExceededException'],
          IntervalSeconds: 60,
          MaxAttempts: 5,
          BackoffRate: 1.5,
        },
        // Reading the same lines again changes nothing.
        { ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 30, MaxAttempts: 1, BackoffRate: 2 },
      ],
      ResultPath: null,
      Next: 'Gate',
    },
    Gate: {
      Type: 'Task',
      Comment: 'Reads the summary of the job, fails when it does not hold, and tells whether anything changed',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: gateFunctionArn, Payload: { 'plan.$': '$.plan', gold: goldHash() } },
      ResultSelector: { 'summary.$': '$.Payload' },
      ResultPath: '$.gate',
      Retry: [IF_BUSY],
      Next: 'IsChanged',
    },
    IsChanged: {
      Type: 'Choice',
      Choices: [{ Variable: '$.gate.summary.changed', BooleanEquals: true, Next: 'Metrics' }],
      Default: 'Unchanged',
    },
    Unchanged: {
      Type: 'Pass',
      Parameters: { outcome: 'unchanged', 'summary.$': '$.gate.summary' },
      End: true,
    },
    Metrics: { Type: 'Pass', Result: goldStatements(names), ResultPath: '$.metrics', Next: 'Gold' },
    Gold: {
      Type: 'Map',
      ItemsPath: '$.metrics',
      MaxConcurrency: CONCURRENT_STATEMENTS,
      ItemSelector: { 'metric.$': '$$.Map.Item.Value', 'plan.$': '$.plan' },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'CreateTable',
        States: {
          CreateTable: { ...statement(names, { 'QueryString.$': '$.metric.create' }), Next: 'Insert' },
          Insert: {
            ...statement(names, {
              'QueryString.$': 'States.Format($.metric.insert, $.plan.runId, $.plan.watermarkTimestamp, $.plan.runId)',
            }),
            End: true,
          },
        },
      },
      ResultPath: null,
      Next: 'Answers',
    },
    ...serveStates({
      serveFunctionArn,
      concurrency: CONCURRENT_STATEMENTS,
      next: 'MovePointer',
      statement: (query) => statement(names, query),
    }),
    MovePointer: {
      Type: 'Task',
      Comment: 'From here on readers see this run; not if the lease went to another meanwhile',
      Resource: 'arn:aws:states:::dynamodb:updateItem',
      Parameters: {
        TableName: names.runsTable,
        Key: itemKey,
        UpdateExpression: 'SET #pointer = :pointer, #published = :published',
        ConditionExpression: '#lease.#runId = :runId',
        ExpressionAttributeNames: { ...LEASE_NAMES, '#pointer': 'pointer', '#published': 'published' },
        ExpressionAttributeValues: {
          ':runId': { 'S.$': '$.plan.runId' },
          ':published': { 'L.$': '$.plan.published' },
          ':pointer': {
            M: {
              runId: { 'S.$': '$.plan.runId' },
              watermark: { 'N.$': '$.plan.watermark' },
              model: { 'S.$': '$.gate.summary.model' },
              snapshots: { 'S.$': '$.gate.summary.snapshots' },
            },
          },
        },
      },
      ResultPath: null,
      Retry: [IF_THROTTLED],
      Next: 'IsDaily',
    },
    IsDaily: {
      Type: 'Choice',
      Choices: [{ Variable: '$.plan.tidy', BooleanEquals: true, Next: 'Sweep' }],
      Default: 'Changed',
    },
    Sweep: sweepState(serveFunctionArn, 'Maintenance'),
    ...maintenanceStates({
      names,
      concurrency: CONCURRENT_STATEMENTS,
      next: 'Changed',
      statement: (query) => statement(names, query),
    }),
    Changed: { Type: 'Pass', Parameters: { outcome: 'changed', 'summary.$': '$.gate.summary' }, End: true },
  };
}

/** Every statement may be carried out twice. */
const statement = (names: Names, query: Readonly<Record<string, string>>): State => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::athena:startQueryExecution.sync',
  Parameters: {
    ...query,
    WorkGroup: names.workgroup,
    QueryExecutionContext: { Database: names.glueDatabase },
  },
  TimeoutSeconds: STATEMENT_SECONDS,
  ResultPath: null,
  Retry: [
    IF_THROTTLED,
    { ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 5, MaxAttempts: 2, BackoffRate: 2, JitterStrategy: 'FULL' },
  ],
});
