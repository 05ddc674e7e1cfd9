import type { IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { feedNames } from '../../model/rules/rule.ts';
import { awsMetric } from './aws-metrics.ts';
import { feedMetric } from './own-metrics.ts';
import { graph, heading } from './rows.ts';
import { type Sources, sum } from './sources.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** What is paid for by its number; what is paid by the hour is in `docs/deploy.md`. */
export function costWidgets(sources: Sources): readonly (readonly IWidget[])[] {
  return [
    [
      heading(
        'Cost drivers',
        'What grows with traffic, by the hour. Prices and what an idle hour costs: `docs/deploy.md`.',
      ),
    ],
    [
      graph('API: requests ($3.50 a million)', [sources.api('Count', { statistic: 'Sum', period: HOUR })], {
        width: 8,
        unit: 'requests',
      }),
      graph(
        'Streams: bytes in',
        sources.eachFeed((feed) => sources.stream('IncomingBytes', feed, { statistic: 'Sum', period: HOUR })),
        { width: 8, unit: 'bytes', stacked: true },
      ),
      graph(
        'DynamoDB: writes ($0.625 a million)',
        (['posts', 'counters'] as const).map((table) =>
          sources.table('ConsumedWriteCapacityUnits', table, { statistic: 'Sum', period: HOUR, label: table }),
        ),
        { width: 8, unit: 'units', stacked: true },
      ),
    ],
    [
      graph(
        'DynamoDB: reads ($0.125 a million)',
        (['posts', 'counters'] as const).map((table) =>
          sources.table('ConsumedReadCapacityUnits', table, { statistic: 'Sum', period: HOUR, label: table }),
        ),
        { width: 8, unit: 'units', stacked: true },
      ),
      graph(
        'Lambda: time of functions that run all the time',
        [
          sum(
            'Duration',
            sources.functions.map((name) => sources.function('Duration', name, { statistic: 'Sum', period: HOUR })),
            HOUR,
          ),
        ],
        { width: 8, unit: 'ms' },
      ),
      graph(
        'Lambda: invocations',
        sources.functions.map((name) => sources.function('Invocations', name, { statistic: 'Sum', period: HOUR })),
        { width: 8, unit: 'invocations', stacked: true },
      ),
    ],
    ...(sources.profile.batchPath ? [batchRow(sources)] : []),
  ];
}

function batchRow({ names }: Sources): IWidget[] {
  const job = { JobName: names.cleanJob, JobRunId: 'ALL', Type: 'count' };
  const query = { QueryState: 'SUCCEEDED', QueryType: 'DML', WorkGroup: names.workgroup };
  return [
    graph(
      'Glue: time of jobs a day ($0.44 a DPU-hour, two of them)',
      [awsMetric('Glue', 'glue.driver.aggregate.elapsedTime', job, { statistic: 'Sum', period: DAY })],
      { width: 8, unit: 'ms' },
    ),
    graph(
      'Athena: scanned ($5 a TB)',
      [awsMetric('AWS/Athena', 'ProcessedBytes', query, { statistic: 'Sum', period: HOUR })],
      { width: 8, unit: 'bytes' },
    ),
    graph(
      'Raw: written by the archive function',
      feedNames.map((feed) => feedMetric('archive', 'BytesWritten', feed, { statistic: 'Sum', period: HOUR })),
      { width: 8, unit: 'bytes', stacked: true },
    ),
  ];
}
