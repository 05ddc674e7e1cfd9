import { type Condition, type Dimension, type FieldName, type Metric, partsOf, unknown } from '../metrics/metric.ts';
import type { FeedName } from '../rules/rule.ts';
import { keyTextSql } from './keys.ts';
import { amountColumn, dimensionsOf, minuteColumn } from './rows.ts';

/** How the tables of silver are named: `silver_` and the feed. */
const alias: Readonly<Record<FeedName, string>> = { pin: 'p', geo: 'g', user: 'u' };

/** Of `arrival_minute`, as a text that compares as the moments do. */
export const minuteSql = (timestamp: string): string => `date_format(${timestamp}, '%Y-%m-%dT%H:%i')`;

/**
 * The rows of a metric from silver, in the SQL of Athena: `arrival_minute` if it is windowed, the columns of its
 * dimensions and members, `amount`. Groups that come to nothing are left out, as there are no counters of zero.
 */
export function metricSql(metric: Metric): string {
  const { measure, where = [], window } = metric;
  const columns = [
    ...(window ? [`${minuteSql(`${alias[window.arrival]}.arrival`)} AS ${minuteColumn}`] : []),
    ...dimensionsOf(metric).map((dimension) => `${dimensionSql(dimension)} AS ${dimension.name}`),
  ];
  const amount = measure.kind === 'sum' ? `sum(CAST(${sqlOf(measure.field)} AS decimal(38, 0)))` : 'count(*)';
  const [first, ...others] = partsOf(metric);
  const conditions = [
    // Below are the posts that the deployment itself sends.
    `${alias[first!]}.ind >= 0`,
    ...where.map(conditionSql),
    ...(measure.kind === 'histogram' ? [`${sqlOf(measure.field)} >= 0`] : []),
  ];
  return [
    `SELECT ${[...columns, `${amount} AS ${amountColumn}`].join(',\n  ')}`,
    `FROM silver_${first} ${alias[first!]}`,
    ...others.map((part) => `JOIN silver_${part} ${alias[part]} ON ${alias[part]}.ind = ${alias[first!]}.ind`),
    `WHERE ${conditions.join(' AND ')}`,
    ...(columns.length > 0 ? [`GROUP BY ${columns.map((_, at) => at + 1).join(', ')}`] : []),
    ...(measure.kind === 'sum' || columns.length === 0 ? [`HAVING ${amount} <> 0`] : []),
  ].join('\n');
}

function sqlOf(field: FieldName): string {
  const at = field.indexOf('.');
  return `${alias[field.slice(0, at) as FeedName]}."${field.slice(at + 1)}"`;
}

function dimensionSql(dimension: Dimension): string {
  const field = sqlOf(dimension.field);
  switch (dimension.kind) {
    case 'text':
      return keyTextSql(field);
    case 'moment':
      return `coalesce(to_iso8601(CAST(${field} AS timestamp(3))) || 'Z', '${unknown}')`;
    case 'year':
      return `coalesce(lpad(CAST(year(${field}) AS varchar), 4, '0'), '${unknown}')`;
    case 'number':
      return `CAST(${field} AS bigint)`;
    case 'bands': {
      const cases = dimension.bands.map(({ label, below }) =>
        below === undefined ? `ELSE ${quoted(label)}` : `WHEN ${field} < ${below} THEN ${quoted(label)}`,
      );
      return `CASE WHEN ${field} IS NULL THEN '${unknown}' ${cases.join(' ')} END`;
    }
  }
}

function conditionSql(condition: Condition): string {
  if (condition.kind === 'oneOf') {
    return `${dimensionSql(condition.dimension)} IN (${condition.values.map(quoted).join(', ')})`;
  }
  return `${sqlOf(condition.field)} IS ${condition.kind === 'known' ? 'NOT NULL' : 'NULL'}`;
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
