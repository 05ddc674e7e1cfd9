import { feeds } from '../feeds/index.ts';
import {
  type Condition,
  type Dimension,
  keptMinutes,
  type Metric,
  memberColumns,
  partsOf,
  unknown,
} from '../metrics/metric.ts';
import { feedNames, type Rule } from '../rules/rule.ts';
import { columnProblems } from './check-columns.ts';
import { maxTextBytes } from './keys.ts';
import { reservedWords } from './reserved-words.ts';
import { amountColumn, dimensionsOf, minuteColumn } from './rows.ts';

/** Of a sort key of DynamoDB. */
const mostKeyBytes = 1_024;

/** What of a metric cannot be compiled, as sentences without its name. */
export function metricProblems(metric: Metric): readonly string[] {
  const { name, describe, measure, by, where = [], window, readBudget } = metric;
  const dimensions = dimensionsOf(metric);
  const fields = fieldProblems(metric);
  const columns = dimensions.map((dimension) => dimension.name);
  const members = memberColumns(metric);
  const inKey = measure.kind === 'distinct' ? [members, by] : [by];
  return [
    ...(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) ? [] : ['name it with lower-case words joined by hyphens.']),
    ...(describe.trim() === '' ? ['say in `describe` what it counts.'] : []),
    ...fields,
    ...(partsOf(metric).length === 0
      ? ['it names no part of a post: give it a dimension, a condition or a window.']
      : []),
    ...(measure.kind === 'distinct' && members.length === 0 ? ['name the keys to be told apart.'] : []),
    ...columnProblems(columns, takenInAnswers),
    ...dimensions.flatMap(bandProblems),
    ...where.flatMap(conditionProblems),
    ...inKey.filter((parts) => keyBytes(parts) > mostKeyBytes).map(keyProblem),
    ...(readBudget !== undefined && !(Number.isSafeInteger(readBudget) && readBudget > 0)
      ? [`the read budget ${readBudget} is no whole number from 1.`]
      : []),
    ...(window ? windowProblems(metric) : []),
  ];
}

/** At most: in texts, the characters that part a key are escaped by three bytes. */
const keyBytes = (parts: readonly Dimension[]): number =>
  parts.reduce((sum, dimension) => sum + 1 + partBytes(dimension), 0);

function partBytes(dimension: Dimension): number {
  if (dimension.kind === 'text') return 3 * maxTextBytes;
  if (dimension.kind !== 'bands') return 'YYYY-MM-DDThh:mm:ss.mmmZ'.length;
  return 3 * Math.max(unknown.length, ...dimension.bands.map(({ label }) => Buffer.byteLength(label)));
}

function keyProblem(parts: readonly Dimension[]): string {
  const names = parts.map(({ name }) => name).join(', ');
  return `${names} take up to ${keyBytes(parts)} bytes of a key, and DynamoDB has ${mostKeyBytes}: use fewer texts.`;
}

function windowProblems({ window }: Metric): readonly string[] {
  const { minutes, arrival } = window!;
  return [
    ...(Number.isInteger(minutes) && minutes >= 1 && minutes <= keptMinutes
      ? []
      : [`the window has ${minutes} minutes: give it 1 to ${keptMinutes} whole ones.`]),
    ...(feedNames.includes(arrival)
      ? []
      : [`the window follows the arrival of ${arrival}, which is no part of a post: name ${feedNames.join(', ')}.`]),
  ];
}

type Needs = 'text' | 'moment' | 'whole number' | 'number from 0' | 'anything';

function fieldProblems(metric: Metric): readonly string[] {
  const { measure, where = [] } = metric;
  const needed: readonly (readonly [field: string, needs: Needs])[] = [
    ...dimensionsOf(metric).map((dimension) => [dimension.field, needs(dimension)] as const),
    ...(measure.kind === 'sum' ? [[measure.field, 'whole number'] as const] : []),
    ...where.map((condition) =>
      condition.kind === 'oneOf'
        ? ([condition.dimension.field, needs(condition.dimension)] as const)
        : ([condition.field, 'anything'] as const),
    ),
  ];
  return [...new Set(needed.flatMap(([field, of]) => fieldProblem(field, of)))];
}

function needs({ kind }: Dimension): Needs {
  if (kind === 'number') return 'number from 0';
  if (kind === 'bands') return 'whole number';
  return kind === 'text' ? 'text' : 'moment';
}

function fieldProblem(field: string, needs: Needs): readonly string[] {
  const [part = '', ...rest] = field.split('.');
  const feed = feedNames.find((name) => name === part);
  if (feed === undefined) return [`${field} is of no part of a post: begin it with ${feedNames.join('., ')}.`];
  const { columns } = feeds[feed];
  const column = columns.find(({ name }) => name === rest.join('.'));
  if (column === undefined) {
    return [`${feed} has no field ${rest.join('.')}: take one of ${columns.map(({ name }) => name).join(', ')}.`];
  }
  return fits(column.rule, needs) ? [] : [`${field} is no ${needs}, which it is used as: take another field.`];
}

function fits(rule: Rule, needs: Needs): boolean {
  switch (needs) {
    case 'text':
      return rule.kind === 'text' || rule.kind === 'concat';
    case 'moment':
      return rule.kind === 'timestamp';
    case 'whole number':
      return rule.kind === 'count' || rule.kind === 'integer';
    case 'number from 0':
      return (rule.kind === 'count' || rule.kind === 'integer') && rule.min >= 0;
    case 'anything':
      return true;
  }
}

/** Columns of the tables of answers, and what SQL takes otherwise. */
export const takenInAnswers: ReadonlySet<string> = new Set([
  ...[minuteColumn, amountColumn, 'run_id', 'watermark', 'place', 'upto', 'posts_counted'],
  ...reservedWords,
]);

/** What would end a text of SQL's or of a template's early. */
export const unsafe = /[{}\\\r\n]/;

function bandProblems(dimension: Dimension): readonly string[] {
  if (dimension.kind !== 'bands') return [];
  const { name, bands } = dimension;
  const limits = bands.slice(0, -1).map(({ below }) => below);
  const rise = limits.every((limit, at) => limit !== undefined && (at === 0 || limit > limits[at - 1]!));
  const isOpen = bands.length > 0 && bands.at(-1)!.below === undefined;
  const labels = bands.map(({ label }) => label);
  return [
    ...(rise && isOpen ? [] : [`the bands of ${name} are to rise, each with \`below\`, and the last without.`]),
    ...(new Set(labels).size === labels.length ? [] : [`two bands of ${name} have one label: rename one.`]),
    ...labels
      .filter((label) => unsafe.test(label))
      .map((label) => `the label ${label} has a brace, a backslash or a line break.`),
  ];
}

const conditionProblems = (condition: Condition): readonly string[] =>
  condition.kind !== 'oneOf'
    ? []
    : [
        ...(condition.values.length === 0 ? ['a condition lets no value through: name some.'] : []),
        ...condition.values
          .filter((value) => unsafe.test(value))
          .map((value) => `${value} has a brace, a backslash or a line break.`),
        ...strangeValues(condition.dimension, condition.values),
        ...(condition.dimension.kind === 'number' ? ['a condition on a number needs bands.'] : []),
      ];

/** Those that a column of bands never has. */
export function strangeValues(dimension: Dimension | undefined, values: readonly string[]): readonly string[] {
  if (dimension?.kind !== 'bands') return [];
  const labels = [...dimension.bands.map(({ label }) => label), unknown];
  return values
    .filter((value) => !labels.includes(value))
    .map((value) => `${dimension.name} is never ${value}: take one of ${labels.join(', ')}.`);
}
