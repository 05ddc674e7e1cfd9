import { questionColumns } from '../../../model/compile/rows.ts';
import { metricId } from '../../../model/counters/keys.ts';
import { isExact, liveGeneration, type Registry } from '../../../model/counters/registry.ts';
import { metricsOf } from '../../../model/questions/question.ts';
import type { Table } from './representation.ts';
import type { Servable } from './request.ts';

export interface Listed {
  readonly name: string;
  readonly describe: string;
  readonly dimensions: readonly string[];
  readonly columns: readonly string[];
  /** `building`: not complete yet, so answers come from the batch layer. */
  readonly live: 'exact' | 'inexact' | 'building';
}

/** What there is to ask for, and how its live answers stand. */
export const listed = (all: readonly Servable[], registry: Registry | undefined): readonly Listed[] =>
  all.map(({ name, question, dimensions }) => ({
    name,
    describe: question.title,
    dimensions,
    columns: questionColumns(question).map((column) => column.name),
    live: liveState(question, registry),
  }));

/** With lists as texts with spaces. */
export const listTable = (entries: readonly Listed[]): Table => ({
  columns: ['name', 'describe', 'dimensions', 'columns', 'live'],
  rows: entries.map(({ dimensions, columns, ...entry }) => ({
    ...entry,
    dimensions: dimensions.join(' '),
    columns: columns.join(' '),
  })),
});

function liveState(question: Servable['question'], registry: Registry | undefined): Listed['live'] {
  const ids = metricsOf(question).map(metricId);
  if (ids.some((id) => liveGeneration(registry, id) === undefined)) return 'building';
  return ids.every((id) => isExact(registry!, id)) ? 'exact' : 'inexact';
}
