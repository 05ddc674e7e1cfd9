import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { UsageError } from './arguments.ts';

/** The key of the local account's administrator. It opens nothing but this machine. */
export const localKey = { accessKeyId: 'pinflow', secretAccessKey: 'pinflow' } as const;
export const localRegion = 'us-east-1';

export interface Clients {
  readonly athena: AthenaClient;
  /** The change streams of tables. */
  readonly changes: DynamoDBStreamsClient;
  readonly cloudformation: CloudFormationClient;
  readonly cloudwatch: CloudWatchClient;
  readonly dynamodb: DynamoDBDocumentClient;
  readonly kinesis: KinesisClient;
  readonly lambda: LambdaClient;
  readonly s3: S3Client;
  readonly states: SFNClient;
  close(): void;
}

/** Clients of the AWS services at a local endpoint, as its administrator. @throws UsageError where it is no URL */
export function clientsAt(endpoint: string): Clients {
  if (!URL.canParse(endpoint))
    throw new UsageError(`--endpoint is "${endpoint}": give a URL such as http://127.0.0.1:4566`);
  return clientsWith({ endpoint, region: localRegion, credentials: localKey });
}

/** Where the SDK looks for it otherwise: the environment, then the files of the AWS CLI. */
export interface AwsAccess {
  /** A profile of the AWS CLI. */
  readonly profile?: string;
  readonly region?: string;
}

/** Clients of AWS itself. */
export const clientsOnAws = (access: AwsAccess): Clients => clientsWith(access);

/** @throws UsageError where neither an option nor the environment nor a profile tells the region */
export async function refuseWithoutRegion({ cloudformation }: Clients): Promise<void> {
  await cloudformation.config.region().catch(() => {
    throw new UsageError('In which region? Give --region NAME, or set AWS_REGION.');
  });
}

interface Settings extends AwsAccess {
  readonly endpoint?: string;
  readonly credentials?: typeof localKey;
}

function clientsWith(settings: Settings): Clients {
  const plain = new DynamoDBClient(settings);
  const clients = {
    athena: new AthenaClient(settings),
    changes: new DynamoDBStreamsClient(settings),
    cloudformation: new CloudFormationClient(settings),
    cloudwatch: new CloudWatchClient(settings),
    dynamodb: DynamoDBDocumentClient.from(plain),
    // Readers of a shard share five calls a second.
    kinesis: new KinesisClient({ ...settings, maxAttempts: 10 }),
    lambda: new LambdaClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: settings.endpoint !== undefined }),
    states: new SFNClient(settings),
  };
  return {
    ...clients,
    close: () => {
      for (const client of [...Object.values(clients), plain]) client.destroy();
    },
  };
}
