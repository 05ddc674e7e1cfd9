import type { S3Client } from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { CallRecorder } from '../access/recorder.ts';
import type { KinesisService } from '../services/kinesis/service.ts';
import type { JsonObject } from '../services/service.ts';
import { BucketRecords } from './bucket-records.ts';
import { newestOfTopic } from './topic-records.ts';
import type { Resource } from './topology/resources.ts';

/** Something that a resource holds, the newest first. */
export interface HeldRecord {
  /** Epoch milliseconds; null where it has no time. */
  readonly time: number | null;
  /** Where in it: partition and offset, shard and sequence number. @default - the key says it */
  readonly place?: Readonly<Record<string, string>>;
  readonly key: string;
  readonly value: string;
}

export type RecordReaders = Readonly<Record<string, (resource: Resource) => Promise<readonly HeldRecord[]>>>;

/** A service's operation, asked as the administrator. */
export type Call = (service: string, operation: string, input: JsonObject) => Promise<JsonObject>;

export interface RecordSources {
  readonly call: Call;
  readonly calls: Pick<CallRecorder, 'onCall'>;
  readonly s3: S3Client;
  readonly kinesis: Pick<KinesisService, 'newest'>;
  /** Of the cluster. */
  readonly bootstrapServers: () => string;
}

const SHOWN = 10;

/** How to look into what records are kept in, by type. */
export function recordReaders({ call, calls, s3, kinesis, bootstrapServers }: RecordSources): RecordReaders {
  const buckets = new BucketRecords(s3, SHOWN);
  calls.onCall((one) => buckets.see(one));
  return {
    'AWS::MSK::Topic': ({ ref }) => newestOfTopic(bootstrapServers(), ref.slice(ref.lastIndexOf('/') + 1), SHOWN),
    'AWS::Kinesis::Stream': ({ ref }) => ofStream(kinesis, ref),
    'AWS::DynamoDB::Table': ({ ref }) => ofTable(call, ref),
    'AWS::S3::Bucket': ({ ref }) => buckets.newest(ref),
    'AWS::StepFunctions::StateMachine': ({ ref }) => ofStateMachine(call, ref),
    'AWS::Glue::Job': ({ ref }) => ofJob(call, ref),
  };
}

async function ofStream(kinesis: RecordSources['kinesis'], stream: string): Promise<HeldRecord[]> {
  const found = await kinesis.newest(stream, SHOWN);
  const records = found.map(({ ShardId, SequenceNumber, ApproximateArrivalTimestamp, PartitionKey, Data }) => ({
    time: Math.round(ApproximateArrivalTimestamp * 1_000),
    place: { shard: ShardId, sequence: SequenceNumber },
    key: PartitionKey,
    value: Buffer.from(Data, 'base64').toString('utf8'),
  }));
  return records.sort((a, b) => b.time - a.time).slice(0, SHOWN);
}

async function ofTable(call: Call, TableName: string): Promise<HeldRecord[]> {
  const { Items } = await call('dynamodb', 'Scan', { TableName, Limit: SHOWN });
  const { Table } = await call('dynamodb', 'DescribeTable', { TableName });
  const { KeySchema } = Table as { readonly KeySchema: readonly { readonly AttributeName: string }[] };
  return (Items as Parameters<typeof unmarshall>[0][]).map((item) => {
    const plain = unmarshall(item, { wrapNumbers: numberOrText });
    return {
      time: null,
      key: KeySchema.map(({ AttributeName }) => String(plain[AttributeName])).join(' '),
      value: JSON.stringify(plain, (_, value: unknown) => (value instanceof Set ? [...value] : value), 1),
    };
  });
}

const numberOrText = (digits: string): number | string => {
  const value = Number(digits);
  return String(value) === digits ? value : digits;
};

async function ofStateMachine(call: Call, stateMachineArn: string): Promise<HeldRecord[]> {
  const { executions } = await call('states', 'ListExecutions', { stateMachineArn, maxResults: SHOWN });
  return (executions as { name: string; status: string; startDate: number; stopDate?: number }[]).map(
    ({ name, status, startDate, stopDate }) => ({
      time: Math.round(startDate * 1_000),
      key: name,
      value: stopDate === undefined ? status : `${status} after ${Math.round(stopDate - startDate)} s`,
    }),
  );
}

async function ofJob(call: Call, JobName: string): Promise<HeldRecord[]> {
  const { JobRuns } = await call('glue', 'GetJobRuns', { JobName, MaxResults: SHOWN });
  return (JobRuns as { Id: string; JobRunState: string; StartedOn: number; ErrorMessage?: string }[]).map(
    ({ Id, JobRunState, StartedOn, ErrorMessage }) => ({
      time: Math.round(StartedOn * 1_000),
      key: Id,
      value: [JobRunState, ErrorMessage].filter(Boolean).join(': '),
    }),
  );
}
