import { answer as present } from '../../../model/compile/answer.ts';
import type { Value } from '../../../model/compile/keys.ts';
import { metricQuestion, questionColumns, type Row } from '../../../model/compile/rows.ts';
import type { Served, ServedIndex } from '../../../model/serving/served-copies.ts';
import { forEachConcurrently } from '../../shared/concurrency.ts';
import type { BatchLayer } from './batch-layer.ts';
import { goneCursor, overBudget, unavailable } from './errors.ts';
import { doorsOf, type Layers } from './layers.ts';
import { pageAnswer, pageBounds, paged, questionOf } from './pages.ts';
import type { Note, RowsAnswer, Standing } from './representation.ts';
import type { RowsRequest } from './request.ts';
import { type GoldRow, servedCounters } from './served-counters.ts';

/** Rows that are presented in memory. */
const mostRowsInMemory = 200_000;
const concurrentPages = 8;

/**
 * From what the last run left, or the run of the cursor.
 * @param notes why it does not come from the live layer
 * @throws RequestError
 */
export async function batchAnswer(
  request: RowsRequest,
  batch: BatchLayer,
  layers: Layers,
  notes: readonly Note[],
): Promise<RowsAnswer> {
  const because = (message: string) => [message, ...notes.map((note) => note.message)].join(' ');
  const pointer = await batch.pointer();
  if (pointer === undefined)
    throw unavailable(because('No run of the batch layer has ended yet: npm run batch does one.'));
  const { of, cursor } = request;
  const run = cursor?.run ?? pointer.runId;
  const served: Served = { run, kind: of.kind === 'metric' ? 'metrics' : 'questions', name: of.name };
  const index = await batch.index(served);
  if (index?.definition !== of.definition) {
    if (cursor !== undefined) throw goneCursor();
    const found = index === undefined ? `left no answer to ${of.name}` : `computed ${of.name} by another definition`;
    throw unavailable(because(`The last run ${found}: npm run batch computes it by the one there is now.`));
  }
  const { writtenAt: asOf, watermark } = index;
  const standing: Standing = { layer: 'batch', doors: doorsOf('batch', layers), asOf, watermark, run, notes };
  if (of.kind === 'question') return copiedRows(request, standing, batch, served, index);
  if (index.rows > mostRowsInMemory) {
    const message = `${of.name} has ${index.rows} rows, more than the ${mostRowsInMemory} that are presented here: ask Athena, npm run query.`;
    throw overBudget(because(message));
  }
  return paged(request, standing, await presentedRows(request, batch, served, index));
}

/** Of an answer that was copied as it is: only the pages that are asked for. */
async function copiedRows(
  request: RowsRequest,
  standing: Standing,
  batch: BatchLayer,
  served: Served,
  index: ServedIndex,
): Promise<RowsAnswer> {
  const { from, to } = pageBounds(request, index.rows);
  const first = Math.floor(from / index.pageRows);
  const rows = await readPages(batch, served, index, first, Math.ceil(to / index.pageRows));
  const types = new Map(questionColumns(request.of.question).map(({ name, type }) => [name, type]));
  const typed = rows
    .slice(from - first * index.pageRows, to - first * index.pageRows)
    .map(
      (row): Row =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typedValue(value, types.get(name))])),
    );
  return pageAnswer(request, standing, typed, index.rows);
}

/** Of a metric: by the dimensions and for the values that are asked for. */
async function presentedRows(
  request: RowsRequest,
  batch: BatchLayer,
  served: Served,
  index: ServedIndex,
): Promise<readonly Row[]> {
  const rows = await readPages(batch, served, index, 0, Math.ceil(index.rows / index.pageRows));
  // All rows are in memory, so there is nothing to keep within a budget.
  const metric = { ...request.of.question.metric, readBudget: Number.POSITIVE_INFINITY };
  const question = questionOf({ ...request, of: { ...request.of, question: metricQuestion(metric) } });
  return present(question, servedCounters(metric, rows), { now: index.watermark });
}

async function readPages(batch: BatchLayer, served: Served, { columns }: ServedIndex, from: number, to: number) {
  const pages: (readonly GoldRow[])[] = [];
  const wanted = Array.from({ length: Math.max(0, to - from) }, (_, at) => at);
  await forEachConcurrently(wanted, concurrentPages, async (at) => {
    const { rows } = await batch.page(served, from + at);
    pages[at] = rows.map((row) => Object.fromEntries(columns.map((name, column) => [name, row[column] ?? null])));
  });
  return pages.flat();
}

/** As the live layer gives it. */
function typedValue(value: string | number | null, type: string | undefined): Value {
  if (value === null || type === 'string' || type === undefined) return value;
  return type === 'double' ? Number(value) : BigInt(value);
}
