import { answer } from '../../lambda/serving/query/answer.ts';
import type { BatchLayer } from '../../lambda/serving/query/batch-layer.ts';
import { catalogOf } from '../../lambda/serving/query/catalog.ts';
import type { Layers } from '../../lambda/serving/query/layers.ts';
import { answer as present } from '../../model/compile/answer.ts';
import { contribution } from '../../model/compile/contribution.ts';
import { definitionHash, questionHash } from '../../model/compile/definition.ts';
import { metricId } from '../../model/counters/keys.ts';
import { completeRegistry, type Registry } from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Post } from '../../model/post.ts';
import { questions } from '../../model/questions/index.ts';
import type { ServedIndex, ServedPage } from '../../model/serving/served-copies.ts';
import { MemoryCounters } from '../model/counters.ts';
import { now as arrivedAt } from '../model/posts.ts';
import { newestParts } from '../vectors/questions.ts';
import { expectDocumented } from './documented.ts';
import { goldColumns, goldRows } from './gold.ts';

export { arrivedAt };
export const now = arrivedAt + 5_000;
const PAGE_ROWS = 2;
const catalog = catalogOf(metrics, questions);
export const complete = completeRegistry(metrics.map(metricId), 0);

const vectorPosts: readonly Post[] = [...newestParts()].map(([ind, parts]) => ({
  ind,
  gen: 0,
  ...Object.fromEntries(
    Object.entries(parts).map(([feed, fields]) => [feed, { k: `${arrivedAt}#`, rules: 1, fields }]),
  ),
}));

export function counted(posts: readonly Post[]): MemoryCounters {
  const counters = new MemoryCounters();
  for (const post of posts) for (const metric of metrics) counters.add(metric, contribution(metric, post));
  return counters;
}

/** What a run leaves, by key of metric or question. */
export async function copiesOf(counters: MemoryCounters) {
  const copies = new Map<string, Pick<ServedIndex, 'definition' | 'columns'> & ServedPage>();
  for (const metric of metrics) {
    const definition = definitionHash(metric);
    copies.set(`metrics/${metric.name}`, {
      definition,
      columns: goldColumns(metric),
      rows: goldRows(metric, counters),
    });
  }
  for (const question of questions) {
    const rows = await present(question, counters, { now });
    const columns = Object.keys(rows[0] ?? { nothing: 0 });
    const texts = rows.map((row) =>
      columns.map((name) => (typeof row[name] === 'bigint' ? Number(row[name]) : row[name]!)),
    );
    const definition = questionHash(question);
    copies.set(`questions/${question.name}`, { definition, columns, rows: texts as ServedPage['rows'] });
  }
  return copies;
}

export function batchOf(copies: Awaited<ReturnType<typeof copiesOf>>, runs = ['run-1']): BatchLayer {
  return {
    pointer: async () => (runs.length === 0 ? undefined : { runId: runs.at(-1)!, watermark: now }),
    async index({ run, kind, name }): Promise<ServedIndex | undefined> {
      const copy = runs.includes(run) ? copies.get(`${kind}/${name}`) : undefined;
      return (
        copy && {
          definition: copy.definition,
          columns: copy.columns,
          rows: copy.rows.length,
          pageRows: PAGE_ROWS,
          watermark: now,
          writtenAt: now - 1_000,
        }
      );
    },
    page: async ({ kind, name }, page) => ({
      rows: copies.get(`${kind}/${name}`)!.rows.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS),
    }),
  };
}

export function layersOf(
  counters: MemoryCounters,
  more: Partial<Layers> & { readonly registry?: Registry | undefined } = {},
): Layers {
  const { registry = complete, ...rest } = more;
  const live = { open: async () => ({ registry, reader: counters, lastChange: async () => arrivedAt }) };
  return { live, topicsFeedSpeed: true, now: () => now, ...rest };
}

/** Of the API with this path and query, as long as its answer is as documented. */
export async function get(url: string, layers: Layers, of = catalog) {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
  const path = pathname.slice(1).split('/');
  const answered = await answer({ method: 'GET', path, query, headers: {} }, of, layers);
  const [root, name] = path as ['metrics' | 'questions', string | undefined];
  const ofName = root === 'metrics' ? '/metrics/{metric-name}' : '/questions/{question-name}';
  expectDocumented(name === undefined ? `/${root}` : ofName, answered);
  const { status, body } = answered;
  return { status, body: body === '' ? undefined : JSON.parse(body) };
}

/** The counters of the vectors of questions. */
export const vectors = counted(vectorPosts);
