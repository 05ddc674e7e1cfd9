import { createHash } from 'node:crypto';
import type { EventSourceMappings } from '../services/lambda/event-sources/event-source-mappings.ts';
import type { StartingPosition } from '../services/lambda/event-sources/shard-source.ts';
import type { ResourceType } from './resource.ts';

const DEFAULT_BATCH_SIZE = 100;
const UNLIMITED = -1;

/**
 * Mappings of Kinesis streams and of the change streams of tables.
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
 */
export function lambdaEventSourceMapping(mappings: EventSourceMappings): ResourceType {
  return {
    type: 'AWS::Lambda::EventSourceMapping',
    implemented: [
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
      'TumblingWindowInSeconds',
    ],
    inert: { Tags: 'nothing here reads tags' },
    check: ({ ParallelizationFactor, EventSourceArn, FunctionResponseTypes, DestinationConfig }) => [
      ...(Number(ParallelizationFactor ?? 1) === 1
        ? []
        : [
            `has ParallelizationFactor ${ParallelizationFactor}; one batch a shard runs here at a time, so set it to 1`,
          ]),
      ...(['kinesis', 'dynamodb'].some((service) => serviceOf(EventSourceArn, service))
        ? []
        : [`reads ${EventSourceArn}; only streams of Kinesis and DynamoDB are read here`]),
      ...(FunctionResponseTypes ?? [])
        .filter((type: unknown) => type !== 'ReportBatchItemFailures')
        .map((type: unknown) => `has the unknown FunctionResponseType ${type}`),
      ...(serviceOf(DestinationConfig?.OnFailure?.Destination, 's3')
        ? []
        : [`has the on-failure destination ${DestinationConfig.OnFailure.Destination}; only buckets are written here`]),
    ],
    async create({ properties, stack, logicalId }) {
      const id = uuidOf(`${stack}/${logicalId}`);
      const attributes = { Id: id };
      // CloudFormation hands over booleans as strings too.
      if (String(properties['Enabled'] ?? true) === 'false') {
        mappings.remove(id);
        return { ref: id, attributes };
      }
      const destination: string | undefined = properties['DestinationConfig']?.OnFailure?.Destination;
      mappings.define({
        id,
        functionArn: properties['FunctionName'],
        sourceArn: properties['EventSourceArn'],
        start: startingPosition(properties['StartingPosition'], properties['StartingPositionTimestamp']),
        batch: {
          batchSize: Number(properties['BatchSize'] ?? DEFAULT_BATCH_SIZE),
          windowMs: Number(properties['MaximumBatchingWindowInSeconds'] ?? 0) * 1_000,
          maxRetries: limit(properties['MaximumRetryAttempts']),
          maxAgeMs: limit(properties['MaximumRecordAgeInSeconds']) * 1_000,
          bisect: String(properties['BisectBatchOnFunctionError'] ?? false) === 'true',
          ...(Number(properties['TumblingWindowInSeconds'] ?? 0) > 0 && {
            tumblingMs: Number(properties['TumblingWindowInSeconds']) * 1_000,
          }),
        },
        reportsFailures: (properties['FunctionResponseTypes'] ?? []).includes('ReportBatchItemFailures'),
        ...(destination === undefined ? {} : { failureBucket: destination.slice(destination.lastIndexOf(':') + 1) }),
      });
      return { ref: id, attributes };
    },
    async remove({ ref }) {
      mappings.remove(ref);
    },
  };
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
