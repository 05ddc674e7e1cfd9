import { createHash } from 'node:crypto';
import type { EventSourceMappings } from '../services/lambda/event-sources/event-source-mappings.ts';
import type { StartingPosition } from '../services/lambda/event-sources/shard-source.ts';
import type { ResourceType } from './resource.ts';

const DEFAULT_BATCH_SIZE = 100;
const UNLIMITED = -1;
/** https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html */
const KAFKA_WINDOW_SECONDS = 0.5;
/** Of Kafka with a destination: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html */
const KAFKA_RETRIES = 10;
/** What says how failures of Kafka's batches are handled, which only provisioned pollers do. */
const PROVISIONED_ONLY = [
  'BisectBatchOnFunctionError',
  'FunctionResponseTypes',
  'MaximumRecordAgeInSeconds',
  'MaximumRetryAttempts',
];
const STREAMS_ONLY = ['ParallelizationFactor', 'TumblingWindowInSeconds'];
const KAFKA_ONLY = ['AmazonManagedKafkaEventSourceConfig', 'ProvisionedPollerConfig', 'Topics'];

/**
 * Mappings of Kinesis streams, of the change streams of tables, and of topics of MSK clusters.
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
 */
export function lambdaEventSourceMapping(mappings: EventSourceMappings): ResourceType {
  return {
    type: 'AWS::Lambda::EventSourceMapping',
    implemented: [
      'AmazonManagedKafkaEventSourceConfig.ConsumerGroupId',
      'BatchSize',
      'BisectBatchOnFunctionError',
      'DestinationConfig.OnFailure.Destination',
      'Enabled',
      'EventSourceArn',
      'FunctionName',
      'FunctionResponseTypes',
      'MaximumBatchingWindowInSeconds',
      'MaximumRecordAgeInSeconds',
      'MaximumRetryAttempts',
      'ParallelizationFactor',
      'StartingPosition',
      'StartingPositionTimestamp',
      'Topics',
      'TumblingWindowInSeconds',
    ],
    inert: {
      ProvisionedPollerConfig: 'one poller reads all that there is on one machine',
      Tags: 'nothing here reads tags',
    },
    check: (properties) => {
      const { ParallelizationFactor, EventSourceArn, FunctionResponseTypes, DestinationConfig, Topics } = properties;
      return [
        ...(Number(ParallelizationFactor ?? 1) === 1
          ? []
          : [
              `has ParallelizationFactor ${ParallelizationFactor}; one batch a shard runs here at a time, so set it to 1`,
            ]),
        ...(['kinesis', 'dynamodb', 'kafka'].some((service) => serviceOf(EventSourceArn, service))
          ? []
          : [`reads ${EventSourceArn}; only streams of Kinesis and DynamoDB and clusters of MSK are read here`]),
        ...(FunctionResponseTypes ?? [])
          .filter((type: unknown) => type !== 'ReportBatchItemFailures')
          .map((type: unknown) => `has the unknown FunctionResponseType ${type}`),
        ...(serviceOf(DestinationConfig?.OnFailure?.Destination, 's3')
          ? []
          : [
              `has the on-failure destination ${DestinationConfig.OnFailure.Destination}; only buckets are written here`,
            ]),
        ...(Topics === undefined ? given(properties, KAFKA_ONLY, 'is of Kafka, and there are no Topics') : []),
        ...(Topics === undefined ? [] : kafkaProblems(properties)),
      ];
    },
    async create({ properties, stack, logicalId }) {
      const id = uuidOf(`${stack}/${logicalId}`);
      const attributes = { Id: id };
      // CloudFormation hands over booleans as strings too.
      if (String(properties['Enabled'] ?? true) === 'false') {
        mappings.remove(id);
        return { ref: id, attributes };
      }
      const destination: string | undefined = properties['DestinationConfig']?.OnFailure?.Destination;
      const topic: string | undefined = properties['Topics']?.[0];
      const window = properties['MaximumBatchingWindowInSeconds'] ?? (topic === undefined ? 0 : KAFKA_WINDOW_SECONDS);
      const retries = limit(properties['MaximumRetryAttempts']);
      mappings.define({
        id,
        functionArn: properties['FunctionName'],
        sourceArn: properties['EventSourceArn'],
        start: startingPosition(properties['StartingPosition'], properties['StartingPositionTimestamp']),
        batch: {
          batchSize: Number(properties['BatchSize'] ?? DEFAULT_BATCH_SIZE),
          windowMs: Number(window) * 1_000,
          maxRetries:
            topic !== undefined && destination !== undefined && retries === Infinity ? KAFKA_RETRIES : retries,
          maxAgeMs: limit(properties['MaximumRecordAgeInSeconds']) * 1_000,
          bisect: String(properties['BisectBatchOnFunctionError'] ?? false) === 'true',
          ...(Number(properties['TumblingWindowInSeconds'] ?? 0) > 0 && {
            tumblingMs: Number(properties['TumblingWindowInSeconds']) * 1_000,
          }),
        },
        reportsFailures: (properties['FunctionResponseTypes'] ?? []).includes('ReportBatchItemFailures'),
        ...(destination === undefined ? {} : { failureBucket: destination.slice(destination.lastIndexOf(':') + 1) }),
        ...(topic !== undefined && {
          kafka: { topic, group: properties['AmazonManagedKafkaEventSourceConfig']?.ConsumerGroupId ?? id },
        }),
      });
      return { ref: id, attributes };
    },
    async remove({ ref }) {
      mappings.remove(ref);
    },
  };
}

type Properties = Parameters<NonNullable<ResourceType['check']>>[0];

const given = (properties: Properties, names: readonly string[], why: string): string[] =>
  names.filter((name) => properties[name] !== undefined).map((name) => `has ${name}, which ${why}`);

function kafkaProblems(properties: Properties): string[] {
  const { Topics, ProvisionedPollerConfig } = properties;
  return [
    ...(Topics.length === 1 ? [] : [`has ${Topics.length} Topics; a mapping reads one`]),
    ...given(properties, STREAMS_ONLY, 'is of streams, and there are Topics'),
    ...(ProvisionedPollerConfig === undefined
      ? given(properties, PROVISIONED_ONLY, 'needs a ProvisionedPollerConfig with Kafka')
      : []),
  ];
}

/** Only an ARN that is already a string can be told wrong. */
const serviceOf = (arn: unknown, service: string): boolean => typeof arn !== 'string' || arn.split(':')[2] === service;

function limit(value: unknown): number {
  const given = Number(value ?? UNLIMITED);
  return given === UNLIMITED ? Number.POSITIVE_INFINITY : given;
}

function startingPosition(type: string, timestamp: unknown): StartingPosition {
  if (type === 'AT_TIMESTAMP') return { type, seconds: Number(timestamp) };
  return { type: type === 'LATEST' ? 'LATEST' : 'TRIM_HORIZON' };
}

/** The same at every start, so that checkpoints are found again. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
