import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { JsonObject } from '../services/service.ts';
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
  readonly s3: S3Client;
  /** Of the cluster. */
  readonly bootstrapServers: () => string;
}

const SHOWN = 10;
const RECENT_MS = 600_000;
/** Records of a shard that are looked through for the newest. */
const READ = 1_000;

/** How to look into what records are kept in, by type. */
export function recordReaders({ call, s3, bootstrapServers }: RecordSources): RecordReaders {
  return {
    'AWS::MSK::Topic': ({ ref }) => newestOfTopic(bootstrapServers(), ref.slice(ref.lastIndexOf('/') + 1), SHOWN),
    'AWS::Kinesis::Stream': ({ ref }) => ofStream(call, ref),
    'AWS::DynamoDB::Table': ({ ref }) => ofTable(call, ref),
    'AWS::S3::Bucket': ({ ref }) => ofBucket(s3, ref),
    'AWS::StepFunctions::StateMachine': ({ ref }) => ofStateMachine(call, ref),
    'AWS::Glue::Job': ({ ref }) => ofJob(call, ref),
  };
}

interface KinesisRecord {
  readonly SequenceNumber: string;
  readonly ApproximateArrivalTimestamp: number;
  readonly PartitionKey: string;
  readonly Data: string;
}

async function ofStream(call: Call, StreamName: string): Promise<HeldRecord[]> {
  const { Shards } = await call('kinesis', 'ListShards', { StreamName });
  const found = await Promise.all(
    (Shards as { ShardId: string }[]).map(async ({ ShardId }) => {
      const { ShardIterator } = await call('kinesis', 'GetShardIterator', {
        StreamName,
        ShardId,
        ShardIteratorType: 'AT_TIMESTAMP',
        Timestamp: (Date.now() - RECENT_MS) / 1_000,
      });
      const { Records } = await call('kinesis', 'GetRecords', { ShardIterator, Limit: READ });
      return (Records as unknown as KinesisRecord[]).map(
        ({ SequenceNumber, ApproximateArrivalTimestamp, PartitionKey, Data }) => ({
          time: Math.round(ApproximateArrivalTimestamp * 1_000),
          place: { shard: ShardId, sequence: SequenceNumber },
          key: PartitionKey,
          value: Buffer.from(Data, 'base64').toString('utf8'),
        }),
      );
    }),
  );
  return newest(found.flat());
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

async function ofBucket(s3: S3Client, Bucket: string): Promise<HeldRecord[]> {
  const found: HeldRecord[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, ...(ContinuationToken && { ContinuationToken }) }));
    for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
      found.push({ time: LastModified?.getTime() ?? null, key: Key, value: `${Size} bytes` });
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return newest(found);
}

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

const newest = (records: readonly HeldRecord[]): HeldRecord[] =>
  [...records].sort((a, b) => (b.time ?? 0) - (a.time ?? 0)).slice(0, SHOWN);
