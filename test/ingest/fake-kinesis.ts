import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { ServiceError } from '../../local/services/service.ts';
import { synth } from '../app/synth.ts';
import { Gateway } from '../local/apigateway/gateway.ts';

export const STREAMS = ['streaming-demo-pin', 'streaming-demo-geo', 'streaming-demo-user'];
export const STREAM = 'streaming-demo-pin';
export const RECORD = `/prod/streams/${STREAM}/record`;
export const RECORDS = `/prod/streams/${STREAM}/records`;
export const CONFIRMED = { SequenceNumber: '49'.padEnd(56, '0'), ShardId: 'shardId-000000000000' };

/** The synthesized API for the tests of a file, in front of what answers as Kinesis does. */
export function runGateway(): Gateway {
  const gateway = new Gateway();
  beforeAll(async () => {
    await gateway.deploy(synth('laptop', {}, 'demo', 'none', 'off').templates.ingest.Resources);
    await gateway.service.listen();
  }, 180_000);
  afterAll(() => gateway.service.close());
  beforeEach(() => {
    gateway.calls.length = 0;
    gateway.failures.length = 0;
    gateway.accessLog.length = 0;
    gateway.respond = kinesis;
  });
  return gateway;
}

/** Answers and refuses as Kinesis does. */
export function kinesis(action: string, input: Record<string, unknown>): Record<string, unknown> {
  const refuse = (message: string) => {
    throw new ServiceError('ValidationException', message);
  };
  if (action === 'ListStreams') {
    if (input['Limit'] === 0) refuse("Value '0' at 'limit' failed to satisfy constraint");
    return { StreamNames: [...STREAMS, 'streaming-demo-pin-dlq', 'other'].sort(), HasMoreStreams: false };
  }
  if (!STREAMS.includes(String(input['StreamName']))) {
    throw new ServiceError(
      'ResourceNotFoundException',
      `Stream ${input['StreamName']} under account 000000000000 not found.`,
    );
  }
  if (action === 'DescribeStream')
    return { StreamDescription: { StreamName: input['StreamName'], StreamStatus: 'ACTIVE' } };
  if (action === 'PutRecord') {
    if (typeof input['Data'] !== 'string' || !input['PartitionKey']) refuse('Data and PartitionKey must not be null');
    return { ...CONFIRMED };
  }
  const records = input['Records'] as Record<string, unknown>[];
  if (records.length === 0 || records.length > 500) refuse('1 to 500 records');
  if (records.some(({ Data, PartitionKey }) => typeof Data !== 'string' || !PartitionKey))
    refuse('Data must not be null');
  return { FailedRecordCount: 0, Records: records.map(() => CONFIRMED) };
}
