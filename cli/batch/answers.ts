import type { BatchNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { concurrently } from '../concurrently.ts';
import { namedQueries, type QueryResult, runQuery } from '../query/athena.ts';
import { readPointer } from './run.ts';

export interface Answer {
  readonly name: string;
  readonly title: string;
  readonly result: QueryResult;
}

/** Columns that say which run gave an answer. */
const ofRun = ['run_id', 'watermark'];
const concurrentQueries = 4;

/** What the run that readers see answers to each of the questions. Empty before the first run. */
export async function answers(clients: Clients, names: BatchNames, stop?: AbortSignal): Promise<readonly Answer[]> {
  const pointer = await readPointer(clients, names);
  if (pointer === undefined) return [];
  const questions = await namedQueries(clients, names);
  return concurrently(questions, concurrentQueries, async ({ name, description }) => {
    const sql = `SELECT * FROM gold_${name} WHERE run_id = '${pointer.runId}' ORDER BY 1, 2`;
    const result = await runQuery(clients, names, sql, { ...(stop && { stop }) });
    return { name, title: description, result: without(result) };
  });
}

function without(result: QueryResult): QueryResult {
  const kept = result.columns.map(({ name }) => !ofRun.includes(name));
  return {
    ...result,
    columns: result.columns.filter((_, at) => kept[at]),
    rows: result.rows.map((row) => row.filter((_, at) => kept[at])),
  };
}
