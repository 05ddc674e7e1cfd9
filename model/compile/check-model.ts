import { feeds } from '../feeds/index.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Question } from '../questions/question.ts';
import type { Feed } from '../rules/rule.ts';
import { feedProblems, postProblems } from './check-feed.ts';
import { metricProblems } from './check-metric.ts';
import { questionProblems } from './check-question.ts';

/** Definitions that cannot be compiled, each by its name and with what to do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';

  constructor(problems: readonly string[]) {
    super(`The model cannot be compiled:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** @throws ModelError */
export function checkModel(
  metrics: readonly Metric[],
  questions: readonly Question[],
  fed: readonly Feed[] = Object.values(feeds),
): void {
  const problems = [
    ...fed.flatMap((feed) => feedProblems(feed).map((problem) => `Feed ${feed.name}: ${problem}`)),
    ...postProblems(fed),
    ...twice(metrics).map((name) => `Two metrics are named ${name}: rename one.`),
    ...twice(questions).map((name) => `Two questions are named ${name}: rename one.`),
    ...metrics.flatMap((metric) => metricProblems(metric).map((problem) => `Metric ${metric.name}: ${problem}`)),
    ...questions.flatMap((question) =>
      questionProblems(question, metrics).map((problem) => `Question ${question.name}: ${problem}`),
    ),
  ];
  if (problems.length > 0) throw new ModelError(problems);
}

function twice(named: readonly { readonly name: string }[]): readonly string[] {
  const names = named.map(({ name }) => name);
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
}
