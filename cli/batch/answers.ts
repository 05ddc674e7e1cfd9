import { questionSql } from '../../model/compile/sql.ts';
import { questions } from '../../model/questions/index.ts';
import type { BatchNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { concurrently } from '../concurrently.ts';
import { type QueryResult, runQuery } from '../query/athena.ts';
import { readPointer } from './run.ts';

export interface Answer {
  readonly name: string;
  readonly title: string;
  readonly result: QueryResult;
}

const concurrentQueries = 4;

/** What the run that readers see answers to each of the course's questions. Empty before the first run. */
export async function answers(clients: Clients, names: BatchNames, stop?: AbortSignal): Promise<readonly Answer[]> {
  const pointer = await readPointer(clients, names);
  if (pointer === undefined) return [];
  const numbered = questions
    .filter(({ number }) => number !== undefined)
    .map((question) => ({ question, name: question.name, title: `${question.number}: ${question.title}` }))
    .sort((one, other) => one.title.localeCompare(other.title, 'en', { numeric: true }));
  return concurrently(numbered, concurrentQueries, async ({ question, name, title }) => {
    const sql = questionSql(question, { kind: 'gold', runId: pointer.runId });
    return { name, title, result: await runQuery(clients, names, sql, { ...(stop && { stop }) }) };
  });
}
