import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AthenaClient, GetQueryExecutionCommand, StartQueryExecutionCommand } from '@aws-sdk/client-athena';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { placeOf, resultRows } from './athena-result.ts';

export interface AthenaQuery {
  readonly sql: string;
  readonly workgroup: string;
  readonly database: string;
}

/** A query failed, in the words of Athena. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

/** Rows without the names of the columns; NULL is null. @throws QueryError, and what Athena and S3 answer */
export async function* athenaRows(
  { athena, s3 }: { readonly athena: AthenaClient; readonly s3: S3Client },
  query: AthenaQuery,
): AsyncGenerator<readonly (string | null)[]> {
  const { Body } = await s3.send(new GetObjectCommand(placeOf(await run(athena, query))));
  let isHead = true;
  for await (const row of resultRows(Body as Readable)) {
    if (!isHead) yield row;
    isHead = false;
  }
}

/** @returns where its result is */
async function run(athena: AthenaClient, { sql, workgroup, database }: AthenaQuery): Promise<string> {
  const start = new StartQueryExecutionCommand({
    QueryString: sql,
    WorkGroup: workgroup,
    QueryExecutionContext: { Database: database },
  });
  const { QueryExecutionId } = await athena.send(start);
  for (let pause = 100; ; pause = Math.min(2_000, pause * 1.5)) {
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason } = QueryExecution?.Status ?? {};
    if (State === 'SUCCEEDED') return QueryExecution!.ResultConfiguration!.OutputLocation!;
    if (State === 'FAILED' || State === 'CANCELLED') throw new QueryError(StateChangeReason ?? State);
    await sleep(pause);
  }
}
