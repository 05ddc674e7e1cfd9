import { metricQuestion, questionColumns, type Row } from '../../../model/compile/rows.ts';
import type { Question } from '../../../model/questions/question.ts';
import { cursorText } from './cursor.ts';
import type { RowsAnswer, Standing } from './representation.ts';
import type { RowsRequest } from './request.ts';

/** The metric's presentation by what the request says, or the question as it is. */
export function questionOf({ of, by, where }: Pick<RowsRequest, 'of' | 'by' | 'where'>): Question {
  if (of.kind === 'question') return of.question;
  const filters = [...where].map(([column, values]) => ({ column, in: [...values] }));
  return metricQuestion(of.question.metric, { by, where: filters });
}

/** The rows from `from` on, below `to`, that the request asks for out of so many. */
export function pageBounds(
  { cursor, limit }: RowsRequest,
  rows: number,
): { readonly from: number; readonly to: number } {
  const from = cursor?.skip ?? 0;
  return { from, to: Math.min(rows, from + limit) };
}

/** A page of rows as an answer, with a cursor if there are more behind it. */
export function pageAnswer(request: RowsRequest, standing: Standing, rows: readonly Row[], all: number): RowsAnswer {
  const question = questionOf(request);
  const { layer, run } = standing;
  const { to } = pageBounds(request, all);
  return {
    name: request.of.name,
    describe: question.title,
    columns: questionColumns(question).map(({ name }) => name),
    rows,
    ...standing,
    ...(to < all && { next: cursorText({ layer, ...(run !== undefined && { run }), skip: to }, request) }),
  };
}

/** The same out of rows that are all here. */
export function paged(request: RowsRequest, standing: Standing, rows: readonly Row[]): RowsAnswer {
  const { from, to } = pageBounds(request, rows.length);
  return pageAnswer(request, standing, rows.slice(from, to), rows.length);
}
