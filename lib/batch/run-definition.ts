import type { Names } from '../names.ts';
import type { BatchProfile } from '../profiles/index.ts';
import { itemKey, LEASE_NAMES, leasedStates } from './leased-states.ts';
import { IF_BUSY, IF_THROTTLED, type Machine, type State, type States } from './states.ts';

export interface RunDefinitionProps {
  readonly names: Names;
  readonly batch: BatchProfile;
  readonly planFunctionArn: string;
  readonly gateFunctionArn: string;
  readonly serveFunctionArn: string;
  readonly refereeFunctionArn: string;
  readonly failureTopicArn: string;
}

const MINUTE = 60;

/** How long a run may take in all; its lease ends a little later, should it end without a word. */
export const runSeconds = ({ timeoutMinutes }: BatchProfile): number => 2 * timeoutMinutes * MINUTE + 60 * MINUTE;

/**
 * A run of the batch layer, in JSONPath:
 *
 *     ReadState - Plan - TakeLease - Run: Clean - Gate - Gold (each metric) - Serve (each answer)
 *                            |taken                 |unchanged       - MovePointer - Sweep - ForgetRuns - Tidy - Release - Referee - Done
 *                         Overlap                Release
 *
 * Whatever fails between lease and release leads to ReleaseAfterFailure - Notify - Failed.
 *
 * Input `{}` or `{"logical_date": "…"}`: what arrived since the last run. `{"from": "YYYY-MM-DD", "to": "YYYY-MM-DD"}`:
 * those arrival dates again.
 */
export function runDefinition(props: RunDefinitionProps): Machine {
  return {
    Comment: 'Raw to silver to gold; then readers see the run',
    StartAt: 'ReadState',
    TimeoutSeconds: runSeconds(props.batch),
    States: { ...beginning(props), Run: run(props), ...ending(props) },
  };
}

function beginning({ names, planFunctionArn }: RunDefinitionProps): States {
  return {
    ReadState: {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:getItem',
      Parameters: { TableName: names.runsTable, Key: itemKey, ConsistentRead: true },
      ResultPath: '$.state',
      Retry: [IF_THROTTLED],
      Catch: [UNLEASED_FAILURE],
      Next: 'Plan',
    },
    Plan: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        FunctionName: planFunctionArn,
        Payload: {
          'runId.$': '$$.Execution.Name',
          'startTime.$': '$$.Execution.StartTime',
          'input.$': '$$.Execution.Input',
          'state.$': '$.state',
        },
      },
      ResultSelector: { 'plan.$': '$.Payload' },
      Retry: [IF_BUSY],
      Catch: [UNLEASED_FAILURE],
      Next: 'TakeLease',
    },
    TakeLease: {
      Type: 'Task',
      Comment: 'Not if another run has it, nor if another run moved the pointer since the plan was made',
      Resource: 'arn:aws:states:::dynamodb:updateItem',
      Parameters: {
        TableName: names.runsTable,
        Key: itemKey,
        UpdateExpression: 'SET #lease = :lease',
        ConditionExpression:
          '(attribute_not_exists(#lease) OR #lease.#expiresAt < :now OR #lease.#runId = :runId) AND ' +
          '(attribute_not_exists(#pointer) OR #pointer.#runId = :seen)',
        ExpressionAttributeNames: { ...LEASE_NAMES, '#expiresAt': 'expiresAt', '#pointer': 'pointer' },
        ExpressionAttributeValues: {
          ':lease': { M: { runId: { 'S.$': '$.plan.runId' }, expiresAt: { 'N.$': '$.plan.leaseExpiresAt' } } },
          ':runId': { 'S.$': '$.plan.runId' },
          ':now': { 'N.$': '$.plan.now' },
          ':seen': { 'S.$': '$.plan.pointerRunId' },
        },
      },
      ResultPath: null,
      Retry: [IF_THROTTLED],
      Catch: [{ ...LEASE_IS_ANOTHERS, Next: 'Overlap' }, UNLEASED_FAILURE],
      Next: 'Run',
    },
    Overlap: {
      Type: 'Pass',
      Parameters: { outcome: 'overlap', 'plan.$': '$.plan', because: 'Another run has the lease, or has just ended.' },
      End: true,
    },
  };
}

/** One branch, so that one Catch sees every failure of a run that has the lease. */
function run(props: RunDefinitionProps): State {
  return {
    Type: 'Parallel',
    Branches: [{ StartAt: 'Clean', States: leasedStates(props) }],
    ResultSelector: { 'result.$': '$[0]' },
    ResultPath: '$.run',
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'ReleaseAfterFailure' }],
    Next: 'Release',
  };
}

function ending({ names, failureTopicArn, refereeFunctionArn }: RunDefinitionProps): States {
  return {
    Release: { ...release(names), Catch: [{ ...LEASE_IS_ANOTHERS, Next: 'Referee' }], Next: 'Referee' },
    Referee: {
      Type: 'Task',
      Comment: 'Tells how far the layers differ. The run has ended well, whatever becomes of this',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: refereeFunctionArn, Payload: {} },
      ResultPath: null,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.unjudged', Next: 'Done' }],
      Next: 'Done',
    },
    Done: {
      Type: 'Pass',
      Parameters: {
        'outcome.$': '$.run.result.outcome',
        'plan.$': '$.plan',
        'summary.$': '$.run.result.summary',
      },
      End: true,
    },
    ReleaseAfterFailure: {
      ...release(names),
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.unreleased', Next: 'Notify' }],
      Next: 'Notify',
    },
    Notify: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sns:publish',
      Parameters: {
        TopicArn: failureTopicArn,
        Subject: `Pinflow ${names.deployment}: a batch run failed`,
        Message: {
          'execution.$': '$$.Execution.Id',
          'input.$': '$$.Execution.Input',
          'failure.$': '$.failure',
        },
      },
      ResultPath: null,
      Retry: [IF_THROTTLED],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.unheard', Next: 'Failed' }],
      Next: 'Failed',
    },
    Failed: { Type: 'Fail', ErrorPath: '$.failure.Error', CausePath: '$.failure.Cause' },
  };
}

const UNLEASED_FAILURE = { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Notify' };
const LEASE_IS_ANOTHERS = {
  ErrorEquals: ['DynamoDB.ConditionalCheckFailedException'],
  ResultPath: '$.refused',
};

/** Only its own lease: after its expiry another run may have it. */
const release = (names: Names): State => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::dynamodb:updateItem',
  Parameters: {
    TableName: names.runsTable,
    Key: itemKey,
    UpdateExpression: 'REMOVE #lease',
    ConditionExpression: '#lease.#runId = :runId',
    ExpressionAttributeNames: LEASE_NAMES,
    ExpressionAttributeValues: { ':runId': { 'S.$': '$.plan.runId' } },
  },
  ResultPath: null,
  Retry: [IF_THROTTLED],
});
