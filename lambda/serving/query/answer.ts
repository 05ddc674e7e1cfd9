import { OverBudgetError, answer as present } from '../../../model/compile/answer.ts';
import type { Value } from '../../../model/compile/keys.ts';
import { metricQuestion, questionColumns, type Row } from '../../../model/compile/rows.ts';
import { metricId } from '../../../model/counters/keys.ts';
import { isExact, liveGeneration, type Registry } from '../../../model/counters/registry.ts';
import type { Question } from '../../../model/questions/question.ts';
import type { Served, ServedIndex } from '../../../model/served-copies.ts';
import { forEachConcurrently } from '../../shared/concurrency.ts';
import type { BatchLayer } from './batch-layer.ts';
import { metricsOf } from './catalog.ts';
import { cursorText } from './cursor.ts';
import { goneCursor, RequestError, unavailable } from './errors.ts';
import { listed } from './lists.ts';
import type { LiveLayer } from './live-layer.ts';
import {
  errorAnswer,
  type HttpAnswer,
  listAnswer,
  type Note,
  type RowsAnswer,
  rowsAnswer,
  type Standing,
} from './representation.ts';
import { type Catalog, type HttpRequest, type RowsRequest, readRequest } from './request.ts';
import { type GoldRow, servedCounters } from './served-counters.ts';

export interface Layers {
  readonly live: LiveLayer;
  /** @default - there is no batch path */
  readonly batch?: BatchLayer;
  readonly topicsFeedSpeed: boolean;
  /** Epoch ms. */
  now(): number;
}

/** Rows that are presented in memory. */
const mostRowsInMemory = 200_000;
const concurrentPages = 8;

/** Answers a request for metrics or questions. Throws what a store throws. */
export async function answer(request: HttpRequest, catalog: Catalog, layers: Layers): Promise<HttpAnswer> {
  const ifNoneMatch = request.headers['if-none-match'];
  try {
    const asked = readRequest(request, catalog);
    if ('list' in asked) {
      const { registry } = await layers.live.open();
      return listAnswer(asked.list, listed([...catalog[asked.list].values()], registry), asked.format, ifNoneMatch);
    }
    const found = await answerRows(asked, layers);
    return rowsAnswer(found, asked.format, layers.now(), ifNoneMatch, request.query);
  } catch (error) {
    if (error instanceof RequestError) return errorAnswer(error);
    throw error;
  }
}

async function answerRows(request: RowsRequest, layers: Layers): Promise<RowsAnswer> {
  if ((request.cursor?.layer ?? request.layer) === 'batch') return fromBatch(request, layers, []);
  const live = await fromLive(request, layers);
  if (!('because' in live)) return live;
  // The pages of one layer are not those of the other.
  if (request.cursor?.layer === 'live') throw goneCursor();
  return fromBatch(request, layers, [{ code: 'fromBatch', message: live.because }]);
}

/** The answer, or why there is none from this layer. */
async function fromLive(request: RowsRequest, layers: Layers): Promise<RowsAnswer | { readonly because: string }> {
  const question = questionOf(request);
  const asOf = layers.now();
  const { registry, reader, lastChange } = await layers.live.open();
  const building = metricsOf(question).filter((metric) => liveGeneration(registry, metricId(metric)) === undefined);
  if (building.length > 0) {
    const names = building.map(({ name }) => name).join(', ');
    return { because: `The live history of ${names} is not complete; npm run rebuild completes it.` };
  }
  try {
    // Read before the rows, so that what it names is in them.
    const watermark = await lastChange();
    const rows = await present(question, reader, { now: asOf });
    const notes = [...inexactNotes(question, registry), ...doorNotes(layers)];
    const standing: Standing = { layer: 'live', doors: doorsOf('live', layers), asOf, watermark, notes };
    return paged(request, standing, rows);
  } catch (error) {
    if (error instanceof OverBudgetError) return { because: error.message };
    throw error;
  }
}

async function fromBatch(request: RowsRequest, layers: Layers, notes: readonly Note[]): Promise<RowsAnswer> {
  const why = notes.map(({ message }) => ` ${message}`).join('');
  const { batch } = layers;
  if (batch === undefined) throw unavailable(`This deployment has no batch layer.${why}`);
  const pointer = await batch.pointer();
  if (pointer === undefined) throw unavailable(`No run of the batch layer has ended yet.${why}`);
  const { of, cursor } = request;
  const run = cursor?.run ?? pointer.runId;
  const served: Served = { run, kind: of.kind === 'metric' ? 'metrics' : 'questions', name: of.name };
  const index = await batch.index(served);
  if (index === undefined)
    throw cursor?.run === undefined ? unavailable(`The last run has left no answer.${why}`) : goneCursor();
  const { writtenAt: asOf, watermark } = index;
  const standing: Standing = { layer: 'batch', doors: doorsOf('batch', layers), asOf, watermark, run, notes };
  if (of.kind === 'question') return copiedRows(request, standing, batch, served, index);
  const rows = await presented(request, batch, served, index);
  return paged(request, standing, rows);
}

/** Of an answer that was copied as it is: only the pages that are asked for. */
async function copiedRows(
  request: RowsRequest,
  standing: Standing,
  batch: BatchLayer,
  served: Served,
  index: ServedIndex,
): Promise<RowsAnswer> {
  const from = request.cursor?.skip ?? 0;
  const to = Math.min(index.rows, from + request.limit);
  const first = Math.floor(from / index.pageRows);
  const rows = await readPages(batch, served, index, first, Math.ceil(to / index.pageRows));
  const types = new Map(questionColumns(request.of.question).map(({ name, type }) => [name, type]));
  const typed = rows
    .slice(from - first * index.pageRows, to - first * index.pageRows)
    .map(
      (row): Row =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typedValue(value, types.get(name))])),
    );
  return page(request, standing, typed, { from, to, of: index.rows });
}

/** Of a metric: by the dimensions and for the values that are asked for. */
async function presented(
  request: RowsRequest,
  batch: BatchLayer,
  served: Served,
  index: ServedIndex,
): Promise<readonly Row[]> {
  if (index.rows > mostRowsInMemory) {
    const message = `${served.name} has ${index.rows} rows, more than the ${mostRowsInMemory} that are presented here: ask Athena, npm run query.`;
    throw new RequestError(422, 'OverBudgetException', message);
  }
  const rows = await readPages(batch, served, index, 0, Math.ceil(index.rows / index.pageRows));
  // All rows are in memory, so there is nothing to keep within a budget.
  const { readBudget: _, ...metric } = request.of.question.metric;
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

/** The metric's presentation by what the request says, or the question as it is. */
function questionOf({ of, by, where }: Pick<RowsRequest, 'of' | 'by' | 'where'>): Question {
  if (of.kind === 'question') return of.question;
  const filters = [...where].map(([column, values]) => ({ column, in: [...values] }));
  return metricQuestion(of.question.metric, { by, where: filters });
}

function paged(request: RowsRequest, standing: Standing, rows: readonly Row[]): RowsAnswer {
  const from = request.cursor?.skip ?? 0;
  const to = Math.min(rows.length, from + request.limit);
  return page(request, standing, rows.slice(from, to), { from, to, of: rows.length });
}

function page(
  request: RowsRequest,
  standing: Standing,
  rows: readonly Row[],
  { to, of }: { readonly from: number; readonly to: number; readonly of: number },
): RowsAnswer {
  const question = questionOf(request);
  const { layer, run } = standing;
  return {
    name: request.of.name,
    describe: question.title,
    columns: questionColumns(question).map(({ name }) => name),
    rows,
    ...standing,
    ...(to < of && { next: cursorText({ layer, ...(run !== undefined && { run }), skip: to }, request) }),
  };
}

/** As the live layer gives it. */
function typedValue(value: string | number | null, type: string | undefined): Value {
  if (value === null || type === 'string' || type === undefined) return value;
  return type === 'double' ? Number(value) : BigInt(value);
}

function inexactNotes(question: Question, registry: Registry | undefined): readonly Note[] {
  const missing = metricsOf(question).filter(
    (metric) => registry !== undefined && !isExact(registry, metricId(metric)),
  );
  if (missing.length === 0) return [];
  const names = missing.map(({ name }) => name).join(', ');
  return [
    {
      code: 'inexact',
      message: `A change that could not be read is not counted in ${names}; npm run rebuild mends it.`,
    },
  ];
}

const doorsOf = (layer: 'live' | 'batch', { batch, topicsFeedSpeed }: Layers): Standing['doors'] =>
  batch !== undefined && (layer === 'batch' || topicsFeedSpeed) ? ['streams', 'topics'] : ['streams'];

const doorNotes = ({ batch, topicsFeedSpeed }: Layers): readonly Note[] =>
  batch === undefined || topicsFeedSpeed
    ? []
    : [{ code: 'partOfDoors', message: 'Posts that came through topics are in the batch layer only.' }];
