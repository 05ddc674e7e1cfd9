import { definitionHash, questionHash } from '../../../model/compile/definition.ts';
import { metricQuestion } from '../../../model/compile/rows.ts';
import type { Metric } from '../../../model/metrics/metric.ts';
import type { Question } from '../../../model/questions/question.ts';
import type { Catalog, Servable } from './request.ts';

/** What there is to ask for. A metric is served as the presentation of itself. */
export function catalogOf(metrics: readonly Metric[], questions: readonly Question[]): Catalog {
  const byName = (all: readonly Servable[]) => new Map(all.map((each) => [each.name, each]));
  return {
    metrics: byName(
      metrics.map((metric) => ({
        kind: 'metric',
        name: metric.name,
        definition: definitionHash(metric),
        question: metricQuestion(metric),
        dimensions: metric.by.map(({ name }) => name),
      })),
    ),
    questions: byName(
      questions.map((question) => ({
        kind: 'question',
        name: question.name,
        definition: questionHash(question),
        question,
        dimensions: [],
      })),
    ),
  };
}
