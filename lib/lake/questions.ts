import { questionSql } from '../../model/compile/sql.ts';
import { questions } from '../../model/questions/index.ts';

export interface NamedQuery {
  readonly name: string;
  /** Begins with the number of the course's question if it is one. */
  readonly title: string;
  readonly sql: string;
}

/** Each question as a query over silver as it is now. */
export const namedQueries = (): readonly NamedQuery[] =>
  questions.map((question) => ({
    name: question.name,
    title: question.number === undefined ? question.title : `${question.number}: ${question.title}`,
    sql: questionSql(question, { kind: 'silver' }),
  }));
