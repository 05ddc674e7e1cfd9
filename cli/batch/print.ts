import { feedNames } from '../../model/rules/rule.ts';
import { resultTable } from '../query/print.ts';
import { table } from '../table.ts';
import type { Answer } from './answers.ts';
import type { EndedRun } from './run.ts';
import type { Step } from './steps.ts';

export function stepLine({ name, ms, items, failure }: Step): string {
  const count = items === undefined ? '' : ` (${items})`;
  return `  ${`${name}${count}`.padEnd(20)} ${(ms / 1000).toFixed(1).padStart(7)} s${failure === undefined ? '' : `  failed: ${failure}`}`;
}

/** What became of the rows that a run read, by feed. */
export function summaryText({ outcome, plan, summary }: EndedRun): string {
  const head = ['feed', 'records', 'rows', 'applied', 'duplicate', 'superseded', 'quarantined', 'late'];
  const rows = feedNames.map((feed) => {
    const of = summary.feeds[feed];
    return [feed, of.records, of.rows_in, of.applied, of.duplicate, of.superseded, of.quarantined, of.late];
  });
  const watermark = new Date(Number(plan.watermark)).toISOString();
  return [
    `  Run ${plan.runId}: arrivals from ${plan.from} to ${plan.to}, before ${watermark}`,
    table([head, ...rows]),
    outcome === 'changed' ? '  Readers see this run.' : '  Nothing changed: readers see what they saw.',
  ].join('\n');
}

/** @returns a sentence for each feed whose rows do not add up */
export function summaryFaults({ summary }: EndedRun): readonly string[] {
  return feedNames.flatMap((feed) => {
    const { rows_in, applied, duplicate, superseded, quarantined } = summary.feeds[feed];
    const ends = applied + duplicate + superseded + quarantined;
    return ends === rows_in ? [] : [`${feed}: the batch read ${rows_in} rows, which have ${ends} ends.`];
  });
}

/** An answer as it is shown. */
export interface ShownAnswer extends Pick<Answer, 'name' | 'title'> {
  readonly result: Pick<Answer['result'], 'columns' | 'rows'>;
}

/** @param most rows of each @param command what shows all of them */
export function answersText(
  answers: readonly ShownAnswer[],
  most: number,
  command = (name: string) => `npm run query -- --named ${name}`,
): string {
  return answers
    .map(({ name, title, result }) => {
      const shown = { ...result, rows: result.rows.slice(0, most) };
      const rest = result.rows.length - shown.rows.length;
      const more = rest > 0 ? [`    … and ${rest.toLocaleString('en')} more rows: ${command(name)}`] : [];
      const empty = result.rows.length === 0 ? ['    no rows'] : indented(resultTable(shown));
      return [`  ${title}`, ...empty, ...more].join('\n');
    })
    .join('\n\n');
}

const indented = (text: string): readonly string[] => text.split('\n').map((line) => `  ${line}`);
