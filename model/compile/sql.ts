import { keptMinutes, type Metric } from '../metrics/metric.ts';
import { type Aggregate, type Filter, metricsOf, type Question } from '../questions/question.ts';
import { metricSql, minuteSql, quoted } from './metric-sql.ts';
import { amountColumn, dimensionsOf, minuteColumn, questionColumns } from './rows.ts';

/** Where a question reads: silver as it is now, or what one run left in gold. */
export type Source = { readonly kind: 'silver' } | { readonly kind: 'gold'; readonly runId: string };

/** One row a row of the metric and run, with `run_id` and `watermark`. */
export const goldTable = ({ name }: Metric): string => `gold_${name.replaceAll('-', '_')}`;

const watermark = 'watermark';
const now = `at_timezone(current_timestamp, 'UTC')`;

/** The minute of a moment, and those before it. */
const upTo = (moment: string, minutes: number): string =>
  `${minuteColumn} BETWEEN ${minuteSql(`${moment} - INTERVAL '${minutes}' MINUTE`)} AND ${minuteSql(moment)}`;

/** What of a windowed metric's rows a run keeps: SQL on its watermark. */
export const keptSql = (metric: Metric, moment: string): readonly string[] =>
  metric.window ? [upTo(moment, keptMinutes)] : [];

/** The answer to a question in the SQL of Athena, without a semicolon. The same rows in the same order as the live answer. */
export function questionSql(question: Question, source: Source): string {
  const { by, top, limit } = question;
  const columns = questionColumns(question);
  const names = columns.map(({ name }) => name);
  const steps: string[] = [combined(question, source)];
  if (top) {
    const within = top.within.length > 0 ? `PARTITION BY ${top.within.join(', ')} ` : '';
    steps.push(`SELECT *, rank() OVER (${within}ORDER BY ${top.of} DESC) AS place`);
  }
  const shown = columns.map(({ name, type }) => (type === 'int' ? `CAST(${name} AS integer) AS ${name}` : name));
  const ordered = (question.order ?? []).map(({ column, descending }) => `${column}${descending ? ' DESC' : ''}`);
  const rest = names.filter((name) => !question.order?.some(({ column }) => column === name));
  steps.push(
    `SELECT ${shown.join(', ')}`,
    ...(top ? ['WHERE place = 1'] : []),
    ...(by.length > 0 || top ? [`ORDER BY ${[...ordered, ...rest].join(', ')}`] : []),
    ...(limit === undefined ? [] : [`LIMIT ${limit}`]),
  );
  return nested(steps);
}

/** Each SELECT reads from the one before it. */
function nested([first, ...steps]: readonly string[]): string {
  return steps.reduce(
    (inner, step) => (step.startsWith('SELECT') ? `${step}\nFROM (\n${indented(inner)}\n)` : `${inner}\n${step}`),
    first!,
  );
}

const indented = (text: string): string => text.replaceAll(/^/gm, '  ');

/** The columns of all metrics side by side: what another metric has no row for is zero. */
function combined(question: Question, source: Source): string {
  const { metric, by, values } = question;
  const [, ...others] = metricsOf(question);
  const base = aggregated(question, metric, source);
  if (others.length === 0 && Object.values(values).every(({ kind }) => kind !== 'ratio')) return base;
  const sides = others.map((other, at) => ({ other, name: `other${at + 1}` }));
  const joins = sides.map(({ other, name }) => {
    const on = by.map((column) => `${name}.${column} = base.${column}`).join(' AND ') || 'true';
    return `LEFT JOIN (\n${indented(aggregated(question, other, source))}\n) ${name} ON ${on}`;
  });
  const place = (name: string): string => {
    const aggregate = values[name];
    const side = aggregate?.kind === 'total' && sides.find(({ other }) => other === aggregate.metric);
    return side ? `coalesce(${side.name}.${name}, 0)` : `base.${name}`;
  };
  const columns = Object.entries(values).map(([name, aggregate]) =>
    aggregate.kind === 'ratio'
      ? `CAST(${place(aggregate.of)} AS double) / nullif(CAST(${place(aggregate.to)} AS double), 0) AS ${name}`
      : `${place(name)} AS ${name}`,
  );
  const shown = [...by.map((column) => `base.${column}`), ...columns].join(', ');
  return [`SELECT ${shown}`, `FROM (\n${indented(base)}\n) base`, ...joins].join('\n');
}

/** The question's values that come from one metric. */
function aggregated(question: Question, metric: Metric, source: Source): string {
  const { by, values } = question;
  const isBase = metric === question.metric;
  const own = Object.entries(values).filter(([, aggregate]) => {
    if (aggregate.kind === 'ratio') return false;
    return aggregate.kind === 'total' && aggregate.metric ? aggregate.metric === metric : isBase;
  });
  const selected = own.map(([name, aggregate]) => `${aggregateSql(metric, aggregate)} AS ${name}`);
  const grouping = by.length > 0 ? [`GROUP BY ${by.join(', ')}`] : [];
  const steps = [...rowsOf(question, metric, source), `SELECT ${[...by, ...selected].join(', ')}`];
  return [nested(steps), ...grouping].join('\n');
}

/** The rows that are aggregated: those of the metric, or of its members without the dimensions that `by` leaves out. */
function rowsOf({ where = [], by }: Question, metric: Metric, source: Source): string[] {
  const { measure } = metric;
  const isSilver = source.kind === 'silver';
  const conditions = [...where.map(filterSql), ...windowSql(metric, isSilver ? now : watermark)];
  const from = isSilver
    ? [metricSql(metric), ...(conditions.length > 0 ? ['SELECT *', ...whereSql(conditions)] : [])]
    : [`SELECT *\nFROM ${goldTable(metric)}`, ...whereSql([`run_id = ${quoted(source.runId)}`, ...conditions])];
  if (measure.kind === 'count' || measure.kind === 'sum') return from;
  const members = measure.kind === 'distinct' ? measure.keys : dimensionsOf(metric).slice(-1);
  const columns = [...new Set([...by, ...members.map(({ name }) => name)])].join(', ');
  const merged = [...from, `SELECT ${columns}, sum(${amountColumn}) AS ${amountColumn}`, `GROUP BY ${columns}`];
  if (measure.kind === 'distinct') return merged;
  const value = members[0]!.name;
  const partition = by.length > 0 ? `PARTITION BY ${by.join(', ')}` : '';
  return [
    ...merged,
    `SELECT *, sum(${amountColumn}) OVER (${partition} ORDER BY ${value}) AS upto, sum(${amountColumn}) OVER (${partition}) AS posts_counted`,
  ];
}

const whereSql = (conditions: readonly string[]): string[] =>
  conditions.length > 0 ? [`WHERE ${conditions.join(' AND ')}`] : [];

const windowSql = ({ window }: Metric, moment: string): readonly string[] =>
  window ? [upTo(moment, window.minutes)] : [];

const filterSql = (filter: Filter): string =>
  'in' in filter
    ? `${filter.column} IN (${filter.in.map(quoted).join(', ')})`
    : `${filter.column} BETWEEN ${quoted(filter.from)} AND ${quoted(filter.to)}`;

function aggregateSql(metric: Metric, aggregate: Aggregate): string {
  switch (aggregate.kind) {
    case 'total': {
      const filter = aggregate.where ? ` FILTER (WHERE ${filterSql(aggregate.where)})` : '';
      return `coalesce(sum(${amountColumn})${filter}, 0)`;
    }
    case 'keys':
      return 'count(*)';
    case 'greatest':
      return `max(${aggregate.column})`;
    case 'median':
      return `min(${dimensionsOf(metric).at(-1)!.name}) FILTER (WHERE upto * 2 >= posts_counted)`;
    case 'ratio':
      throw new TypeError('A ratio is of columns, not of rows.');
  }
}
