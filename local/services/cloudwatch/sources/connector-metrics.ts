import type { ConnectorStatus } from '../../../engines/connect.ts';
import type { MetricSink } from '../types.ts';

/**
 * A connector by its worker's REST API, and by how fast the committed offsets of its group move. A worker that is down
 * has no metrics, as on AWS. https://docs.aws.amazon.com/msk/latest/developerguide/mkc-monitoring-overview.html
 */
export function putConnector(
  sink: MetricSink,
  ConnectorName: string,
  { connector, tasks }: ConnectorStatus,
  rate: number,
): void {
  const put = (name: string, value: number, unit = 'Count'): void =>
    sink.put({ namespace: 'AWS/KafkaConnect', name, dimensions: { ConnectorName }, value, unit });
  const failed = tasks.filter(({ state }) => state === 'FAILED').length;
  put('RunningTaskCount', tasks.filter(({ state }) => state === 'RUNNING').length);
  put('ErroredTaskCount', connector.state === 'FAILED' ? Math.max(1, failed) : failed);
  put('SinkRecordReadRate', rate, 'Count/Second');
  put('SinkRecordSendRate', rate, 'Count/Second');
}
