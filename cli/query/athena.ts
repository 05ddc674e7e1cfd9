import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetNamedQueryCommand,
  type ColumnInfo,
  GetQueryExecutionCommand,
  type NamedQuery,
  paginateGetQueryResults,
  paginateListNamedQueries,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import type { BatchNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';

/** A query that failed or was cancelled, in the words of Athena. */
export class QueryFailedError extends Error {
  override readonly name = 'QueryFailedError';
}

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Text as Athena writes it; null: SQL's NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** There are rows beyond `max`. */
  readonly more: boolean;
  readonly scannedBytes: number;
  readonly ms: number;
}

export interface QueryOptions {
  /** Rows to read at most. @default - all */
  readonly max?: number;
  readonly stop?: AbortSignal;
}

type Where = Pick<BatchNames, 'workgroup' | 'database'>;

/** Runs a statement to its end; an abort cancels it. @throws QueryFailedError */
export async function runQuery(
  { athena }: Clients,
  { workgroup, database }: Where,
  sql: string,
  { max = Infinity, stop }: QueryOptions = {},
): Promise<QueryResult> {
  const { QueryExecutionId } = await athena.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      WorkGroup: workgroup,
      QueryExecutionContext: { Database: database },
    }),
  );
  const { Statistics, StatementType } = await ended({ athena }, QueryExecutionId!, stop);
  const about = {
    scannedBytes: Statistics?.DataScannedInBytes ?? 0,
    ms: Statistics?.TotalExecutionTimeInMillis ?? 0,
  };
  // The results of a query begin with the names of the columns; those of other statements do not.
  const read = await readRows({ athena }, QueryExecutionId!, StatementType === 'DML', max);
  return { ...read, ...about };
}

async function ended(
  { athena }: Pick<Clients, 'athena'>,
  id: string,
  stop: AbortSignal | undefined,
): Promise<QueryExecution> {
  for (let pause = 50; ; pause = Math.min(1_000, pause * 1.5)) {
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
    const { State, StateChangeReason } = QueryExecution?.Status ?? {};
    if (State === 'SUCCEEDED') return QueryExecution!;
    if (State === 'FAILED' || State === 'CANCELLED') {
      throw new QueryFailedError(StateChangeReason ?? `The query ${id} has ${State.toLowerCase()}.`);
    }
    if (stop?.aborted) {
      await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
      throw new QueryFailedError('The query was cancelled.');
    }
    await sleep(pause, undefined, { ...(stop && { signal: stop }) }).catch(() => undefined);
  }
}

async function readRows(
  { athena }: Pick<Clients, 'athena'>,
  id: string,
  isQuery: boolean,
  max: number,
): Promise<Pick<QueryResult, 'columns' | 'rows' | 'more'>> {
  let columns: readonly ColumnInfo[] | undefined;
  const rows: (string | null)[][] = [];
  for await (const { ResultSet } of paginateGetQueryResults({ client: athena }, { QueryExecutionId: id })) {
    const page = (ResultSet?.Rows ?? []).map(({ Data }) =>
      (Data ?? []).map(({ VarCharValue }) => VarCharValue ?? null),
    );
    const isFirst = columns === undefined;
    columns ??= ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
    const names = columns.map(({ Name }) => Name ?? null);
    const hasHead = isFirst && isQuery && JSON.stringify(page[0]) === JSON.stringify(names);
    for (const row of hasHead ? page.slice(1) : page) rows.push(row);
    if (rows.length > max) break;
  }
  return {
    columns: (columns ?? []).map(({ Name, Type }) => ({ name: Name ?? '', type: Type ?? '' })),
    rows: rows.slice(0, max),
    more: rows.length > max,
  };
}

export interface Named {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
}

const mostIds = 50;

/** The named queries of the deployment, in the order of their titles. */
export async function namedQueries({ athena }: Clients, { workgroup }: Where): Promise<readonly Named[]> {
  const found: NamedQuery[] = [];
  for await (const { NamedQueryIds: ids = [] } of paginateListNamedQueries(
    { client: athena },
    { WorkGroup: workgroup },
  )) {
    for (let at = 0; at < ids.length; at += mostIds) {
      const wanted = { NamedQueryIds: ids.slice(at, at + mostIds) };
      found.push(...((await athena.send(new BatchGetNamedQueryCommand(wanted))).NamedQueries ?? []));
    }
  }
  return found
    .map(({ Name, Description, QueryString }) => ({
      name: Name ?? '',
      description: Description ?? '',
      sql: QueryString ?? '',
    }))
    .sort((one, other) => one.description.localeCompare(other.description, 'en', { numeric: true }));
}
