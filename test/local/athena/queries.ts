import { setTimeout as sleep } from 'node:timers/promises';
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  type StartQueryExecutionCommandInput,
} from '@aws-sdk/client-athena';
import type { Caller } from '../../../local/access/caller.ts';
import { PLACE } from './lake.ts';

export const keyOf = ({ accessKeyId, secretAccessKey }: Caller) => ({ accessKeyId, secretAccessKey });
export const clientOf = (endpoint: string, caller: Caller) =>
  new AthenaClient({ endpoint, region: PLACE.region, credentials: keyOf(caller) });

export type Queries = ReturnType<typeof queriesOf>;

/** Queries of the workgroup `work`, from their start to their rows. */
export function queriesOf(athena: () => AthenaClient) {
  async function start(
    sql: string,
    input: Partial<StartQueryExecutionCommandInput> = {},
    client = athena(),
  ): Promise<string> {
    const { QueryExecutionId } = await client.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        WorkGroup: 'work',
        QueryExecutionContext: { Database: 'mart' },
        ...input,
      }),
    );
    return QueryExecutionId!;
  }

  async function ended(id: string): Promise<QueryExecution> {
    for (;;) {
      const { QueryExecution } = await athena().send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
      if (!['QUEUED', 'RUNNING'].includes(QueryExecution!.Status!.State!)) return QueryExecution!;
      await sleep(20);
    }
  }

  async function outcome(...asked: Parameters<typeof start>): Promise<{ state: string; reason: string | undefined }> {
    const { Status } = await ended(await start(...asked));
    return { state: Status!.State!, reason: Status!.StateChangeReason };
  }

  /** Without the names of columns. */
  async function rows(...asked: Parameters<typeof start>): Promise<(string | undefined)[][]> {
    const id = await start(...asked);
    const { Status, StatementType } = await ended(id);
    if (Status!.State !== 'SUCCEEDED') throw new Error(`${asked[0]}: ${Status!.StateChangeReason}`);
    const { ResultSet } = await athena().send(new GetQueryResultsCommand({ QueryExecutionId: id }));
    const found = ResultSet!.Rows!.map(({ Data }) => Data!.map(({ VarCharValue }) => VarCharValue));
    return StatementType === 'DML' ? found.slice(1) : found;
  }

  return { start, ended, outcome, rows };
}
