import { createHash } from 'node:crypto';
import { metricSql } from '../../model/compile/metric-sql.ts';
import { metricColumns } from '../../model/compile/rows.ts';
import { goldTable, keptSql } from '../../model/compile/sql.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Metric } from '../../model/metrics/metric.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { WAREHOUSE_PREFIX } from '../lake/catalog.ts';
import type { Names } from '../names.ts';
import { servedAnswers } from './serve-states.ts';

/** What makes a metric's table, and what a run adds to it: the template takes run id, watermark and run id. */
export interface GoldStatements {
  readonly table: string;
  readonly create: string;
  readonly insert: string;
}

export const goldTables: readonly string[] = metrics.map(goldTable);

/** In the SQL of Athena. Each row carries `run_id` and `watermark`; readers filter by the run of the pointer. */
export const goldStatements = (names: Names): GoldStatements[] =>
  metrics.map((metric) => ({
    table: goldTable(metric),
    create: createStatement(metric, names.buckets.curated),
    insert: insertStatement(metric),
  }));

/** Changes when a run over the same silver would write other rows, or leave other answers. */
export const goldHash = (): string =>
  createHash('sha256')
    .update(JSON.stringify([metrics.map(insertStatement), servedAnswers()]))
    .digest('hex');

function createStatement(metric: Metric, bucket: string): string {
  const table = goldTable(metric);
  const columns = [
    ...metricColumns(metric),
    { name: 'run_id', type: 'string' },
    { name: 'watermark', type: 'timestamp' },
  ]
    .map(({ name, type }) => `${name} ${type}`)
    .join(', ');
  return (
    `CREATE TABLE IF NOT EXISTS ${table} (${columns}) PARTITIONED BY (run_id) ` +
    `LOCATION 's3://${bucket}/${WAREHOUSE_PREFIX}${table}/' ` +
    `TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet')`
  );
}

/** A statement that is tried again after it was carried out adds nothing. */
function insertStatement(metric: Metric): string {
  const table = goldTable(metric);
  const columns = metricColumns(metric)
    .map(({ name }) => name)
    .join(', ');
  const isNew = `NOT EXISTS (SELECT 1 FROM ${table} WHERE run_id = '{}')`;
  return formatTemplate(
    `INSERT INTO ${table} (${columns}, run_id, watermark)\n` +
      `SELECT ${columns}, run_id, watermark\n` +
      `FROM (SELECT '{}' AS run_id, CAST(TIMESTAMP '{}' AS timestamp(6)) AS watermark)\n` +
      `CROSS JOIN (\n${metricSql(metric)}\n)\n` +
      `WHERE ${[...keptSql(metric, 'watermark'), isNew].join(' AND ')}`,
  );
}

/** For `States.Format`, to which a backslash is an escape. */
const formatTemplate = (text: string): string => text.replaceAll('\\', '\\\\');

/** Fewer and larger files, and no snapshots but the latest. */
export const maintenanceStatements = (names: Names): string[] => [
  ...feedNames.map((feed) => `OPTIMIZE ${names.silverTables[feed]} REWRITE DATA USING BIN_PACK`),
  ...[...feedNames.map((feed) => names.silverTables[feed]), ...goldTables].map((table) => `VACUUM ${table}`),
];
