import { questionSql } from '../../model/compile/sql.ts';
import { questions } from '../../model/questions/index.ts';
import type { Question } from '../../model/questions/question.ts';
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

/** Above an answer. */
export const heading = ({ number, title }: Question): string => `${number}: ${title}`;

/** The course's questions, in their order. */
export const courseQuestions: readonly Question[] = questions
  .filter(({ number }) => number !== undefined)
  .sort((one, other) => heading(one).localeCompare(heading(other), 'en', { numeric: true }));

/** What the run that readers see answers to each of the course's questions. Empty before the first run. */
export async function answers(clients: Clients, names: BatchNames, stop?: AbortSignal): Promise<readonly Answer[]> {
  const pointer = await readPointer(clients, names);
  if (pointer === undefined) return [];
  return concurrently(courseQuestions, concurrentQueries, async (question) => {
    const sql = questionSql(question, { kind: 'gold', runId: pointer.runId });
    const result = await runQuery(clients, names, sql, { ...(stop && { stop }) });
    return { name: question.name, title: heading(question), result };
  });
}
