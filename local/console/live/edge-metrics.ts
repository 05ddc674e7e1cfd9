import type { MetricName, Statistic } from '../../services/cloudwatch/types.ts';
import type { Resource } from '../topology/resources.ts';
import type { GroupOfTopic } from './groups.ts';

/** What is asked of a metric. */
export interface Measure extends MetricName {
  readonly statistic: Statistic;
  /** Makes it what is told. @default 1 */
  readonly factor?: number;
}

/** What an arrow tells. Several measures of a part are added up, of `lag` the greatest counts. */
export interface EdgeMeasures {
  /** How much goes along it. */
  readonly rate: readonly Measure[];
  /** What `rate` counts: `records`. */
  readonly unit: string;
  /** How old what is read is, in milliseconds. */
  readonly lag: readonly Measure[];
  /** What goes wrong at its end. */
  readonly errors: readonly Measure[];
}

/** MSK tells lags in seconds, Lambda in milliseconds. */
const MS_PER_SECOND = 1_000;

const measure = (
  namespace: string,
  name: string,
  dimensions: Readonly<Record<string, string>>,
  statistic: Statistic = 'Sum',
): Measure => ({ namespace, name, dimensions, statistic });

type OfResource = (resource: Resource, cluster: string | undefined) => Partial<EdgeMeasures>;

/** What goes into a resource. */
const into: Readonly<Record<string, OfResource>> = {
  'AWS::Kinesis::Stream': ({ ref }) => ({
    rate: [measure('AWS/Kinesis', 'IncomingRecords', { StreamName: ref })],
    unit: 'records',
    errors: [measure('AWS/Kinesis', 'WriteProvisionedThroughputExceeded', { StreamName: ref })],
  }),
  'AWS::MSK::Topic': ({ ref }, cluster) =>
    cluster === undefined
      ? {}
      : {
          rate: [
            measure(
              'AWS/Kafka',
              'MessagesInPerSec',
              {
                'Cluster Name': cluster,
                'Broker ID': '1',
                Topic: ref.slice(ref.lastIndexOf('/') + 1),
              },
              'Average',
            ),
          ],
          unit: 'records',
        },
  'AWS::Lambda::Function': ({ ref }) => ({
    rate: [measure('AWS/Lambda', 'Invocations', { FunctionName: ref })],
    unit: 'calls',
    lag: [measure('AWS/Lambda', 'IteratorAge', { FunctionName: ref }, 'Maximum')],
    errors: [
      measure('AWS/Lambda', 'Errors', { FunctionName: ref }),
      measure('AWS/Lambda', 'Throttles', { FunctionName: ref }),
    ],
  }),
  'AWS::DynamoDB::Table': ({ ref }) => ({
    errors: [measure('AWS/DynamoDB', 'WriteThrottleEvents', { TableName: ref })],
  }),
  'AWS::KafkaConnect::Connector': ({ properties }) => {
    const name = String(properties['ConnectorName']);
    return {
      rate: [measure('AWS/KafkaConnect', 'SinkRecordReadRate', { ConnectorName: name }, 'Average')],
      unit: 'records',
      errors: [measure('AWS/KafkaConnect', 'ErroredTaskCount', { ConnectorName: name }, 'Maximum')],
    };
  },
  'AWS::StepFunctions::StateMachine': ({ ref }) => ({
    rate: [measure('AWS/States', 'ExecutionsStarted', { StateMachineArn: ref })],
    unit: 'runs',
    errors: [measure('AWS/States', 'ExecutionsFailed', { StateMachineArn: ref })],
  }),
};

/** What is measured of the arrows to some resources. @param cluster of the topics */
export function edgeMeasures(to: readonly Resource[], cluster: string | undefined): EdgeMeasures {
  const parts = to.map((resource) => into[resource.type]?.(resource, cluster) ?? {});
  return {
    rate: parts.flatMap(({ rate = [] }) => rate),
    unit: parts.find(({ unit }) => unit !== undefined)?.unit ?? '',
    lag: parts.flatMap(({ lag = [] }) => lag),
    errors: parts.flatMap(({ errors = [] }) => errors),
  };
}

/** How old what a reader of topics has not read is. */
export const topicLags = (groups: readonly GroupOfTopic[], cluster: string): Measure[] =>
  groups.map(({ group, topic }) => ({
    ...measure('AWS/Kafka', 'EstimatedMaxTimeLag', groupDimensions(cluster, group, topic), 'Maximum'),
    factor: MS_PER_SECOND,
  }));

/** How many records a reader of topics has not read. */
export const topicsBehind = (groups: readonly GroupOfTopic[], cluster: string): MetricName[] =>
  groups.map(({ group, topic }) => ({
    namespace: 'AWS/Kafka',
    name: 'SumOffsetLag',
    dimensions: groupDimensions(cluster, group, topic),
  }));

const groupDimensions = (cluster: string, group: string, topic: string) => ({
  'Cluster Name': cluster,
  'Consumer Group': group,
  Topic: topic,
});
