import { expect, test } from '@jest/globals';
import { readLogQuery } from '../../../local/console/dashboards/log-query.ts';
import { widgetQueries } from '../../../local/console/dashboards/widget-queries.ts';

test('abbreviated metrics are spelled out, and called by what tells them apart', () => {
  const { queries } = widgetQueries(
    [
      ['AWS/Kinesis', 'IncomingRecords', 'StreamName', 'pin', { label: 'pins' }],
      ['...', 'geo'],
      ['.', 'IncomingBytes', '.', 'user', { stat: 'Average', period: 10 }],
    ],
    { stat: 'Sum', period: 60 },
  );
  expect(queries.map(({ label, stat }) => [label, stat])).toEqual([
    [
      'pins',
      {
        namespace: 'AWS/Kinesis',
        name: 'IncomingRecords',
        dimensions: { StreamName: 'pin' },
        statistic: 'Sum',
        periodSeconds: 60,
      },
    ],
    [
      'IncomingRecords geo Sum',
      {
        namespace: 'AWS/Kinesis',
        name: 'IncomingRecords',
        dimensions: { StreamName: 'geo' },
        statistic: 'Sum',
        periodSeconds: 60,
      },
    ],
    [
      'IncomingBytes user Average',
      {
        namespace: 'AWS/Kinesis',
        name: 'IncomingBytes',
        dimensions: { StreamName: 'user' },
        statistic: 'Average',
        periodSeconds: 10,
      },
    ],
  ]);
});

test('metric math has its parts, which need not be drawn', () => {
  const { queries, drawn } = widgetQueries(
    [
      [{ expression: '100 * errors / all', label: 'Errors', id: 'share', yAxis: 'right', color: '#d62728' }],
      ['AWS/Lambda', 'Errors', 'FunctionName', 'clean', { id: 'errors', visible: false }],
      ['.', 'Invocations', '.', '.', { id: 'all', visible: false }],
    ],
    {},
  );
  expect(queries).toMatchObject([
    { id: 'share', expression: '100 * errors / all', returnData: true },
    { id: 'errors', returnData: false, stat: { statistic: 'Average', periodSeconds: 300 } },
    { id: 'all', returnData: false, stat: { name: 'Invocations', dimensions: { FunctionName: 'clean' } } },
  ]);
  expect(drawn).toEqual([{ id: 'share', axis: 'right', color: '#d62728' }]);
});

test('a log query lists the lines of its groups that its filters let through', () => {
  const { groups, filters, limit } = readLogQuery(
    "SOURCE '/pinflow/demo/clean' | SOURCE '/pinflow/demo/archive' | fields @timestamp, @message | filter @message like /ERROR|WARN/ | filter @message not like 'retry' | sort @timestamp desc | limit 20",
  );
  expect([groups, limit]).toEqual([['/pinflow/demo/clean', '/pinflow/demo/archive'], 20]);
  const shown = (message: string) => filters.every((test) => test(message));
  expect(['ERROR x', 'INFO x', 'WARN retry'].map(shown)).toEqual([true, false, false]);
});

test('what a log query cannot do here is refused by name', () => {
  expect(() => readLogQuery("SOURCE 'a' | stats count(*) by bin(5m)")).toThrow(
    '"stats count(*) by bin(5m)" is not done here',
  );
});
