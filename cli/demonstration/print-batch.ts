import { feedNames } from '../../model/rules/rule.ts';
import type { BatchNames } from '../accounting/deployed-names.ts';
import { distinctRecords, type Raw } from '../accounting/raw.ts';
import { bytesText } from '../query/print.ts';
import { table } from '../table.ts';

/** What raw holds, by feed and door. */
export function landedTable(raw: Raw): string {
  const rows = feedNames.flatMap((feed) =>
    (['kinesis', 'kafka'] as const).map((source) => {
      const objects = raw[feed].filter(({ records }) => records[0]?.source === source);
      const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
      const door = source === 'kinesis' ? 'streams' : 'topics';
      return [feed, door, distinctRecords(objects).size, objects.length, bytesText(bytes)];
    }),
  );
  return table([['feed', 'door', 'records', 'objects', 'size'], ...rows], [false, false, true, true, true]);
}

/** How to ask a question of one's own. */
export function waysToAsk(deployment: string, { workgroup, database }: BatchNames): string {
  const sql = 'select category, count(*) posts from silver_pin group by 1 order by 2 desc';
  const of = deployment === 'demo' ? '' : ` --deployment ${deployment}`;
  return [
    `npm run query --${of} --list`,
    `npm run query --${of} "${sql}"`,
    ...['batch', 'compare', 'rebuild'].map((command) => `npm run ${command}${of && ` --${of}`}`),
    `npm run backfill --${of} --from ${new Date().toISOString().slice(0, 10)}`,
    `aws athena start-query-execution --work-group ${workgroup} --query-execution-context Database=${database} --query-string "${sql}"`,
    `python3 -c "import boto3; print(boto3.client('athena').start_query_execution(QueryString='select count(*) from silver_pin', WorkGroup='${workgroup}', QueryExecutionContext={'Database': '${database}'}))"`,
  ].join('\n');
}
