import { questionColumns } from '../../../model/compile/rows.ts';
import { metricId } from '../../../model/counters/keys.ts';
import { isExact, liveGeneration, type Registry } from '../../../model/counters/registry.ts';
import { metricsOf } from './catalog.ts';
import type { Table } from './representation.ts';
import type { Servable } from './request.ts';

/** What there is to ask for, and how its live answers stand. Lists are texts with spaces. */
export function listTable(all: readonly Servable[], registry: Registry | undefined): Table {
  return {
    columns: ['name', 'describe', 'dimensions', 'columns', 'live'],
    rows: all.map(({ name, question, dimensions }) => ({
      name,
      describe: question.title,
      dimensions: dimensions.join(' '),
      columns: questionColumns(question)
        .map((column) => column.name)
        .join(' '),
      live: liveState(question, registry),
    })),
  };
}

/** `building`: not complete yet, so answers come from the batch layer. */
function liveState(question: Servable['question'], registry: Registry | undefined): 'exact' | 'inexact' | 'building' {
  const ids = metricsOf(question).map(metricId);
  if (ids.some((id) => liveGeneration(registry, id) === undefined)) return 'building';
  return ids.every((id) => isExact(registry!, id)) ? 'exact' : 'inexact';
}
