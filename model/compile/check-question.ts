import type { Dimension, Metric } from '../metrics/metric.ts';
import { type Aggregate, type Filter, metricsOf, type Question } from '../questions/question.ts';
import { columnProblems } from './check-columns.ts';
import { strangeValues, takenInAnswers, unsafe } from './check-metric.ts';
import { compareValues } from './keys.ts';
import { dimensionsOf } from './rows.ts';

/** What of a question cannot be compiled, as sentences without its name. */
export function questionProblems(question: Question, metrics: readonly Metric[]): readonly string[] {
  const { name, title, metric, where = [], by, values, top, order = [], limit } = question;
  const used = metricsOf(question);
  const shown = [...by, ...Object.keys(values)];
  const filters = [
    ...where.map((filter) => ({ filter, of: metric })),
    ...Object.values(values).flatMap((each) =>
      each.kind === 'total' && each.where ? [{ filter: each.where, of: each.metric ?? metric }] : [],
    ),
  ];
  return [
    ...(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name) ? [] : ['name it with lower-case words joined by underscores.']),
    ...(title.trim() === '' ? ['say in `title` what it asks.'] : []),
    ...used
      .filter((each) => !metrics.includes(each))
      .map((each) => `its metric ${each.name} is no entry of the model.`),
    ...used.flatMap((each) =>
      [...by, ...where.map(({ column }) => column)]
        .filter((column) => columnOf(each, column) === undefined)
        .map((column) => `${each.name} has no column ${column}: take one of ${columnsText(each)}.`),
    ),
    ...filters.flatMap(({ filter, of }) => filterProblems(filter, columnOf(of, filter.column))),
    ...(Object.keys(values).length === 0 ? ['it shows no value.'] : []),
    ...columnProblems(shown, takenInAnswers),
    ...Object.entries(values).flatMap(([column, value]) => valueProblems(question, column, value)),
    ...[...(top ? [top.of, ...top.within] : []), ...order.map(({ column }) => column)]
      .filter((column) => !shown.includes(column))
      .map((column) => `it ranks by ${column}, which it does not show.`),
    ...(limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)
      ? [`the limit ${limit} is no whole number.`]
      : []),
  ];
}

function filterProblems(filter: Filter, dimension: Dimension | undefined): readonly string[] {
  const { column } = filter;
  const values = 'in' in filter ? filter.in : [filter.from, filter.to];
  const isEmpty = 'in' in filter ? values.length === 0 : compareValues(filter.from, filter.to) > 0;
  return [
    ...(dimension?.kind === 'number' ? [`a filter on the number ${column} needs bands.`] : []),
    ...(isEmpty ? [`the filter on ${column} lets no value through.`] : []),
    ...values
      .filter((value) => unsafe.test(value))
      .map((value) => `${value} has a brace, a backslash or a line break.`),
    ...strangeValues(dimension, values),
  ];
}

function valueProblems(
  { metric, values, by }: Question,
  name: string,
  value: Question['values'][string],
): readonly string[] {
  const { measure } = metric;
  const earlier = Object.keys(values).slice(0, Object.keys(values).indexOf(name));
  switch (value.kind) {
    case 'total':
      return totalProblems(value, { metric, by }, name);
    case 'keys':
      return measure.kind === 'distinct' ? [] : [`${name} counts keys, which only a metric of distinct keys has.`];
    case 'median':
      return measure.kind === 'histogram' ? [] : [`${name} is a median, which only a histogram has.`];
    case 'greatest':
      return columnOf(metric, value.column)?.kind === 'number'
        ? []
        : [`${name} is the greatest ${value.column}, which is no column of numbers.`];
    case 'ratio':
      return [value.of, value.to]
        .filter((column) => !earlier.includes(column))
        .map((column) => `${name} divides ${column}, which is no column before it.`);
  }
}

function totalProblems(
  { metric: other, where }: Extract<Aggregate, { kind: 'total' }>,
  { metric, by }: Pick<Question, 'metric' | 'by'>,
  name: string,
): readonly string[] {
  const counted = other ?? metric;
  return [
    ...(where && columnOf(counted, where.column) === undefined
      ? [`${name} filters by ${where.column}, which ${counted.name} has not: take one of ${columnsText(counted)}.`]
      : []),
    ...(where && counted.measure.kind !== 'count' && counted.measure.kind !== 'sum'
      ? [`${name} filters what is no plain count or sum.`]
      : []),
    ...(other && by.some((column) => columnOf(metric, column)?.kind === 'number')
      ? [`${name} is of another metric, which cannot be joined by a number.`]
      : []),
  ];
}

const columnOf = (metric: Metric, column: string): Dimension | undefined =>
  dimensionsOf(metric).find(({ name }) => name === column);

const columnsText = (metric: Metric): string =>
  dimensionsOf(metric)
    .map((dimension) => dimension.name)
    .join(', ');
