import { heading } from '../batch/answers.ts';
import { answersText } from '../batch/print.ts';
import { table } from '../table.ts';
import { difference, type ServedAnswer } from './answers.ts';

const shownRows = 5;

/** Live answers, each with its first rows and where the others are. @param curl what asks the API, with its URL */
export function liveText(answers: readonly ServedAnswer[], curl: string): string {
  const asOf = answers.map((answer) => answer.asOf).sort()[0] ?? '';
  const shown = answers.map(({ question, columns, rows }) => ({
    name: question.name,
    title: heading(question),
    result: {
      columns: columns.map((name, at) => ({ name, type: typeOf(rows.map((row) => row[at] ?? null)) })),
      rows: rows.map((row) => row.map((value) => (value === null ? null : String(value)))),
    },
  }));
  const notes = answers.flatMap(({ question, notes }) => notes.map(({ message }) => `  ${question.name}: ${message}`));
  const text = answersText(shown, shownRows, (name) => `${curl}/questions/${name}`);
  return [`Answers, live, as of ${asOf}`, text, ...(notes.length > 0 ? [notes.join('\n')] : [])].join('\n\n');
}

const typeOf = (values: readonly unknown[]): string =>
  values.some((value) => typeof value === 'string') ? 'varchar' : 'double';

/** Question by question, whether the batch layer answers the same as the live one did. */
export function comparedText(live: readonly ServedAnswer[], batch: readonly ServedAnswer[]): string {
  const rows = live.map((answer, at) => {
    const other = batch[at]!;
    const verdict = difference(answer, other) === undefined ? 'live = batch' : 'live and batch differ';
    return [answer.question.number ?? '', answer.question.name, other.rows.length, verdict];
  });
  const [first] = batch;
  const head = `Answers from the batch layer, as of ${first?.asOf}, watermark ${first?.watermark}`;
  return `${head}\n${table([['', 'question', 'rows', ''], ...rows], [true, false, true, false])}`;
}
