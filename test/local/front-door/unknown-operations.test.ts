import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { KinesisClient, RegisterStreamConsumerCommand, UpdateShardCountCommand } from '@aws-sdk/client-kinesis';
import { GetBucketAclCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Authorizer } from '../../../local/access/authorizer.ts';
import { RoleDirectory } from '../../../local/access/identities.ts';
import { CallRecorder } from '../../../local/access/recorder.ts';
import { HttpFrontDoor } from '../../../local/front-door.ts';
import { DynamoDbService } from '../../../local/services/dynamodb/service.ts';
import { KinesisService } from '../../../local/services/kinesis/service.ts';
import { S3Service } from '../../../local/services/s3/service.ts';

const target = { account: '000000000000', region: 'us-east-1' };
const identities = new RoleDirectory(target.account);
const authorizer = new Authorizer({ ...target, identities, recorder: new CallRecorder(), refused: () => {} });
const faults: unknown[] = [];
const door = new HttpFrontDoor({
  identities,
  authorizer,
  health: () => ({ ready: true }),
  fault: (error) => faults.push(error),
});
let directory: string;
let kinesis: KinesisService;
let dynamodb: DynamoDbService;
let settings: { endpoint: string; region: string; credentials: object; maxAttempts: number; forcePathStyle: boolean };

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  kinesis = await KinesisService.open({ ...target, directory: join(directory, 'kinesis') });
  dynamodb = await DynamoDbService.open({ ...target, directory: join(directory, 'dynamodb') });
  door.addJson(kinesis);
  door.addJson(dynamodb);
  door.addHttp(new S3Service({ ...target, engine: { port: 1, ready: async () => {} }, frontDoor: door }));
  const endpoint = `http://127.0.0.1:${await door.listen(0)}`;
  const credentials = { accessKeyId: 'pinflow', secretAccessKey: 'pinflow' };
  settings = { endpoint, region: target.region, credentials, maxAttempts: 1, forcePathStyle: true };
});

afterAll(async () => {
  await door.close();
  await Promise.all([kinesis.close(), dynamodb.close()]);
  rmSync(directory, { recursive: true });
});

const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/s';

test.each<[string, () => Promise<unknown>, object]>([
  [
    'kinesis:RegisterStreamConsumer',
    () =>
      new KinesisClient(settings as object).send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: 'c' })),
    { name: 'UnknownOperationException', message: expect.stringContaining('RegisterStreamConsumer') },
  ],
  [
    'kinesis:UpdateShardCount',
    () =>
      new KinesisClient(settings as object).send(
        new UpdateShardCountCommand({ StreamARN, TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING' }),
      ),
    { name: 'UnknownOperationException', message: expect.stringContaining('UpdateShardCount') },
  ],
  [
    'dynamodb:TransactWriteItems',
    () => new DynamoDBClient(settings as object).send(new TransactWriteItemsCommand({ TransactItems: [] })),
    { name: 'UnknownOperationException', message: expect.stringContaining('TransactWriteItems') },
  ],
  [
    's3:GetBucketAcl',
    () => new S3Client(settings as object).send(new GetBucketAclCommand({ Bucket: 'b' })),
    { name: 'NotImplemented', message: expect.stringContaining('?acl') },
  ],
])('%s, which is not built, is refused in the shape that the SDK reads', async (_, send, refusal) => {
  await expect(send()).rejects.toMatchObject(refusal);
  expect(faults).toEqual([]);
});
