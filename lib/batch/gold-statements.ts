import { feedNames } from '../../model/rules/rule.ts';
import { WAREHOUSE_PREFIX } from '../lake/catalog.ts';
import { goldTable, type Question, questions } from '../lake/questions.ts';
import type { Names } from '../names.ts';

/** What makes a table of answers, and what a run adds to it: the template takes run id and watermark. */
export interface GoldStatements {
  readonly table: string;
  readonly create: string;
  readonly insert: string;
}

export const goldTables: readonly string[] = questions.map(goldTable);

/** In the SQL of Athena. Each answer carries `run_id` and `watermark`; readers filter by the run of the pointer. */
export function goldStatements(names: Names): GoldStatements[] {
  return questions.map((question) => ({
    table: goldTable(question),
    create: createStatement(question, names.buckets.curated),
    insert: insertStatement(question),
  }));
}

function createStatement(question: Question, bucket: string): string {
  const table = goldTable(question);
  const columns = [...question.columns, ['run_id', 'string'], ['watermark', 'timestamp']]
    .map(([name, type]) => `${name} ${type}`)
    .join(', ');
  return (
    `CREATE TABLE IF NOT EXISTS ${table} (${columns}) PARTITIONED BY (run_id) ` +
    `LOCATION 's3://${bucket}/${WAREHOUSE_PREFIX}${table}/' ` +
    `TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet')`
  );
}

/** A statement that is tried again after it was carried out adds nothing. */
function insertStatement(question: Question): string {
  const table = goldTable(question);
  const columns = question.columns.map(([name]) => name).join(', ');
  return formatTemplate(
    `INSERT INTO ${table} (${columns}, run_id, watermark)\n` +
      `SELECT ${columns}, '{}', CAST(TIMESTAMP '{}' AS timestamp(6))\n` +
      `FROM (\n${question.sql}\n)\n` +
      `WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE run_id = '{}')`,
  );
}

/** For `States.Format`, to which a backslash is an escape. */
const formatTemplate = (text: string): string => text.replaceAll('\\', '\\\\');

/** Fewer and larger files, and no snapshots but the latest. */
export const maintenanceStatements = (names: Names): string[] => [
  ...feedNames.map((feed) => `OPTIMIZE ${names.silverTables[feed]} REWRITE DATA USING BIN_PACK`),
  ...[...feedNames.map((feed) => names.silverTables[feed]), ...goldTables].map((table) => `VACUUM ${table}`),
];
