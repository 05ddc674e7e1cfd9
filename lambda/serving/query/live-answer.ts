import { answer as present } from '../../../model/compile/answer.ts';
import { OverBudgetError } from '../../../model/compile/budget.ts';
import { metricId } from '../../../model/counters/keys.ts';
import { isExact, isWhole, liveGeneration, type Registry } from '../../../model/counters/registry.ts';
import { metricsOf, type Question } from '../../../model/questions/question.ts';
import { overBudget, type RequestError, unavailable } from './errors.ts';
import { doorsOf, type Layers } from './layers.ts';
import { paged, questionOf } from './pages.ts';
import type { Note, RowsAnswer, Standing } from './representation.ts';
import type { RowsRequest } from './request.ts';

/** The live layer has no answer. */
export interface NotLive {
  readonly because: string;
  /** What to say where no other layer has one. */
  readonly error: RequestError;
}

/** At counters that a rebuild replaces while they are read. Rebuilds are far apart, so the second is of the new ones. */
const mostLooks = 3;

export async function liveAnswer(request: RowsRequest, layers: Layers): Promise<RowsAnswer | NotLive> {
  const question = questionOf(request);
  const asked = metricsOf(question);
  let view = await layers.live.open();
  for (let look = 0; look < mostLooks; look++) {
    const building = asked.filter((metric) => liveGeneration(view.registry, metricId(metric)) === undefined);
    if (building.length > 0) {
      const because =
        view.registry === undefined
          ? 'No post has been counted yet: the next one begins it, and npm run rebuild counts those that there are.'
          : `The live history of ${namesOf(building)} is not complete: npm run rebuild completes it.`;
      return { because, error: unavailable(because) };
    }
    const asOf = layers.now();
    try {
      // Read before the rows, so that what it names is in them.
      const watermark = await view.lastChange();
      const rows = await present(question, view.reader, { now: asOf });
      const after = await layers.live.open();
      if (isWhole(view.registry, after.registry, asked.map(metricId))) {
        const notes = [...inexactNotes(question, after.registry), ...doorNotes(layers)];
        const standing: Standing = { layer: 'live', doors: doorsOf('live', layers), asOf, watermark, notes };
        return paged(request, standing, rows);
      }
      view = after;
    } catch (error) {
      if (!(error instanceof OverBudgetError)) throw error;
      return { because: error.message, error: tooMuch(error, question, request) };
    }
  }
  const because = `The counters of ${namesOf(asked)} were replaced again and again while they were read.`;
  return { because, error: unavailable(because) };
}

/**
 * With how to ask for less, if one can. Counters are sorted by their dimensions, so a value of the first one helps for
 * which there is not a single one yet.
 */
function tooMuch(error: OverBudgetError, question: Question, { of, where }: RowsRequest): RequestError {
  const because = error.message;
  const metric = metricsOf(question).find(({ name }) => name === error.metric) ?? question.metric;
  const first = metric.by.find(({ name }) => where.get(name)?.size !== 1);
  if (first === undefined || first.kind === 'number') {
    const further = where.size > 0 ? ' further' : '';
    const help = `No parameter narrows it${further}: it takes a deployment with a batch path, or a larger budget.`;
    return overBudget(`${because} ${help}`);
  }
  const value = `${first.name}:<value>`;
  return of.kind === 'metric'
    ? overBudget(`${because} Narrow it with one where=${value}.`, { parameter: 'where', allowed: [value] })
    : overBudget(`${because} Ask for less of its metric instead: /metrics/${metric.name}?where=${value}.`);
}

function inexactNotes(question: Question, registry: Registry | undefined): readonly Note[] {
  const missing = metricsOf(question).filter(
    (metric) => registry !== undefined && !isExact(registry, metricId(metric)),
  );
  if (missing.length === 0) return [];
  const message = `A change is missing in ${namesOf(missing)}: npm run rebuild mends it.`;
  return [{ code: 'inexact', message }];
}

const doorNotes = ({ batch, topicsFeedSpeed }: Layers): readonly Note[] =>
  batch === undefined || topicsFeedSpeed
    ? []
    : [{ code: 'partOfDoors', message: 'Posts that came through topics are in the batch layer only.' }];

const namesOf = (named: readonly { readonly name: string }[]): string => named.map(({ name }) => name).join(', ');
