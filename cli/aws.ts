import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The key of the local account's administrator. It opens nothing but this machine. */
export const localKey = { accessKeyId: 'pinflow', secretAccessKey: 'pinflow' } as const;
export const localRegion = 'us-east-1';
export const localEndpoint = 'http://127.0.0.1:4566';

export interface Clients {
  readonly cloudformation: CloudFormationClient;
  readonly dynamodb: DynamoDBDocumentClient;
  readonly kinesis: KinesisClient;
  readonly s3: S3Client;
  close(): void;
}

/** Clients of the AWS services at a local endpoint, as its administrator. */
export function clientsAt(endpoint: string): Clients {
  const settings = { endpoint, region: localRegion, credentials: localKey };
  const plain = new DynamoDBClient(settings);
  const clients = {
    cloudformation: new CloudFormationClient(settings),
    dynamodb: DynamoDBDocumentClient.from(plain),
    kinesis: new KinesisClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
  };
  return {
    ...clients,
    close: () => {
      for (const client of [...Object.values(clients), plain]) client.destroy();
    },
  };
}
