import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { BucketNotEmptiedError, emptyBucket } from '../../cli/teardown/empty-bucket.ts';
import { TeardownRefusedError, tearDown } from '../../cli/teardown/teardown.ts';

const cloudformation = mockClient(CloudFormationClient);
const s3 = mockClient(S3Client);
let events: string[];

type Policy = 'Delete' | 'RetainExceptOnCreate';

interface Deployed {
  readonly policy: Policy;
  readonly isProtected?: boolean;
  /** With brokers, which have this policy. */
  readonly cluster?: Policy;
}

function deployed({ policy, isProtected = false, cluster }: Deployed): void {
  const stacks: Record<string, Record<string, [type: string, name: string]>> = {
    ...(cluster && {
      'pinflow-demo-broker': { Cluster: ['AWS::MSK::Cluster', 'arn:cluster'] },
      'pinflow-demo-network': { Vpc: ['AWS::EC2::VPC', 'vpc-1'] },
    }),
    'pinflow-demo-ingest': {
      Pin: ['AWS::Kinesis::Stream', 'streaming-demo-pin'],
      Account: ['AWS::ApiGateway::Account', 'account'],
    },
    'pinflow-demo-lake': { Logs: ['AWS::S3::Bucket', 'b-access-logs-1'], Raw: ['AWS::S3::Bucket', 'b-raw-1'] },
  };
  const policies: Readonly<Record<string, string | undefined>> = { Account: 'Retain', Cluster: cluster };
  const names = [...Object.keys(stacks), 'pinflow-demo-two-lake', 'other'];
  cloudformation.on(DescribeStacksCommand).resolves({
    Stacks: names.map((StackName) => ({
      StackName,
      EnableTerminationProtection: isProtected,
      CreationTime: new Date(0),
      StackStatus: 'CREATE_COMPLETE',
    })),
  });
  for (const [StackName, resources] of Object.entries(stacks)) {
    const ids = Object.keys(resources);
    const template = {
      Resources: Object.fromEntries(ids.map((id) => [id, { DeletionPolicy: policies[id] ?? policy }])),
    };
    cloudformation.on(GetTemplateCommand, { StackName }).resolves({ TemplateBody: JSON.stringify(template) });
    cloudformation.on(ListStackResourcesCommand, { StackName }).resolves({
      StackResourceSummaries: Object.entries(resources).map(
        ([LogicalResourceId, [ResourceType, PhysicalResourceId]]) => ({
          LogicalResourceId,
          ResourceType,
          PhysicalResourceId,
          ResourceStatus: 'CREATE_COMPLETE',
          LastUpdatedTimestamp: new Date(0),
        }),
      ),
    });
  }
}

function holding(pages: Readonly<Record<string, number>>): void {
  const left = new Map(Object.entries(pages));
  s3.on(ListObjectVersionsCommand).callsFake(({ Bucket }) => {
    const pagesLeft = left.get(Bucket) ?? 0;
    left.set(Bucket, pagesLeft - 1);
    if (pagesLeft <= 0) return {};
    return {
      Versions: [
        { Key: 'a', VersionId: '1' },
        { Key: 'a', VersionId: '2' },
      ],
      DeleteMarkers: [{ Key: 'b', VersionId: '3' }],
    };
  });
  s3.on(DeleteObjectsCommand).callsFake(({ Bucket, Delete }) => {
    events.push(`delete ${Delete.Objects.length} of ${Bucket}`);
    return {};
  });
}

const run = (options: { deleteData?: boolean; yes?: boolean; typed?: string; code?: number }) =>
  tearDown({
    clients: { cloudformation: new CloudFormationClient({}), s3: new S3Client({}) },
    deployment: 'demo',
    deleteData: options.deleteData ?? false,
    yes: options.yes ?? false,
    ask: async () => {
      events.push('asked');
      return options.typed ?? '';
    },
    tell: (line) => events.push(line),
    cdkDestroy: async (stacks) => {
      events.push(`cdk destroy ${stacks.join(' ')}`);
      return options.code ?? 0;
    },
  });

const done = () => events.filter((event) => /^(asked|cdk|delete) ?/.test(event));

beforeEach(() => {
  cloudformation.reset();
  s3.reset();
  events = [];
});

test('deletes the stacks of this deployment alone, and tells what stays', async () => {
  deployed({ policy: 'RetainExceptOnCreate' });
  expect(await run({ yes: true })).toBe(0);
  expect(done()).toEqual(['cdk destroy pinflow-demo-ingest pinflow-demo-lake']);
  expect(events).toContain('  stays: AWS::Kinesis::Stream streaming-demo-pin');
  expect(s3.calls()).toEqual([]);
});

test('brokers that are kept keep their network and their configuration', async () => {
  deployed({ policy: 'RetainExceptOnCreate', cluster: 'RetainExceptOnCreate' });
  expect(await run({ yes: true })).toBe(0);
  expect(done()).toEqual(['cdk destroy pinflow-demo-ingest pinflow-demo-lake']);
  expect(events[0]).toMatch(/^pinflow-demo-broker and pinflow-demo-network stay, and go on to cost/);
});

test('brokers that are not kept are data too', async () => {
  deployed({ policy: 'Delete', cluster: 'RetainExceptOnCreate' });
  await expect(run({ deleteData: true, typed: 'demo' })).rejects.toThrow(/keep arn:cluster\./);
  deployed({ policy: 'Delete', cluster: 'Delete' });
  holding({});
  expect(await run({ deleteData: true, typed: 'demo' })).toBe(0);
  expect(done()).toContain('cdk destroy pinflow-demo-broker pinflow-demo-ingest pinflow-demo-network');
});

test('asks first', async () => {
  deployed({ policy: 'RetainExceptOnCreate' });
  expect(await run({})).toBe(1);
  expect(done()).toEqual(['asked']);
  expect(await run({ typed: 'y' })).toBe(0);
});

test('empties the buckets once nothing writes to them, those of the access logs last', async () => {
  deployed({ policy: 'Delete' });
  holding({ 'b-raw-1': 2, 'b-access-logs-1': 1 });
  expect(await run({ deleteData: true, typed: 'demo' })).toBe(0);
  expect(done()).toEqual([
    'asked',
    'cdk destroy pinflow-demo-ingest',
    'delete 3 of b-raw-1',
    'delete 3 of b-raw-1',
    'delete 3 of b-access-logs-1',
    'cdk destroy pinflow-demo-lake',
  ]);
});

test.each(['', 'yes', 'dev'])('data is not deleted on %j, whatever --yes says', async (typed) => {
  deployed({ policy: 'Delete' });
  expect(await run({ deleteData: true, yes: true, typed })).toBe(1);
  expect(done()).toEqual(['asked']);
});

test('data that the deployed templates keep is not deleted', async () => {
  deployed({ policy: 'RetainExceptOnCreate' });
  const refused = run({ deleteData: true, typed: 'demo' });
  await expect(refused).rejects.toThrow(TeardownRefusedError);
  await expect(refused).rejects.toThrow(/keep streaming-demo-pin, b-access-logs-1, b-raw-1.*allowDataDeletion=true/);
  expect(done()).toEqual([]);
});

test('a protected stack is named with the way to lift the protection', async () => {
  deployed({ policy: 'Delete', isProtected: true });
  await expect(run({ yes: true })).rejects.toThrow(
    /pinflow-demo-ingest has termination protection.*update-termination/,
  );
  expect(done()).toEqual([]);
});

test('stops where cdk destroy fails', async () => {
  deployed({ policy: 'Delete' });
  holding({ 'b-raw-1': 1 });
  expect(await run({ deleteData: true, typed: 'demo', code: 3 })).toBe(3);
  expect(done()).toEqual(['asked', 'cdk destroy pinflow-demo-ingest']);
});

test('nothing deployed is no fault', async () => {
  cloudformation.on(DescribeStacksCommand).resolves({ Stacks: [] });
  expect(await run({ yes: true })).toBe(0);
  expect(done()).toEqual([]);
});

test('an object that S3 does not delete is named', async () => {
  s3.on(ListObjectVersionsCommand).resolves({ Versions: [{ Key: 'a', VersionId: '1' }] });
  s3.on(DeleteObjectsCommand).resolves({ Errors: [{ Key: 'a', Code: 'AccessDenied', Message: 'no' }] });
  const failed = emptyBucket(new S3Client({}), 'b', () => {});
  await expect(failed).rejects.toThrow(BucketNotEmptiedError);
  await expect(failed).rejects.toThrow('b: a was not deleted (AccessDenied: no)');
});
