import type { JsonObject } from '../service.ts';
import type { Execution } from './history.ts';

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecution.html */
export function describeExecution(execution: Execution): JsonObject {
  const { id, query, type, kind, workGroup, database, parameters, outputLocation, state, reason, error } = execution;
  const { submitted, started, completed, scannedBytes = 0, engineMs } = execution;
  const until = completed ?? Date.now();
  return {
    QueryExecutionId: id,
    Query: query,
    StatementType: type,
    SubstatementType: kind,
    WorkGroup: workGroup,
    ResultConfiguration: { OutputLocation: outputLocation },
    QueryExecutionContext: { Catalog: 'awsdatacatalog', ...(database === undefined ? {} : { Database: database }) },
    ...(parameters === undefined ? {} : { ExecutionParameters: parameters }),
    EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' },
    Status: {
      State: state,
      SubmissionDateTime: submitted / 1000,
      ...(completed === undefined ? {} : { CompletionDateTime: completed / 1000 }),
      ...(reason === undefined ? {} : { StateChangeReason: reason }),
      ...(error === undefined ? {} : { AthenaError: error }),
    },
    Statistics: {
      DataScannedInBytes: scannedBytes,
      EngineExecutionTimeInMillis: engineMs ?? 0,
      QueryQueueTimeInMillis: (started ?? until) - submitted,
      TotalExecutionTimeInMillis: until - submitted,
      ResultReuseInformation: { ReusedPreviousResult: false },
    },
  };
}
