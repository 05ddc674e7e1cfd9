import { expect, test } from '@jest/globals';
import { asText, named, ofType, type Properties, synth } from '../app/synth.ts';

const { speed } = synth('laptop', {}, 'demo', 'none', 'off').templates;

test('counters are encrypted, recoverable, paid by use, and those of windows expire', () => {
  expect(named(speed, 'AWS::DynamoDB::Table', 'Counters')).toMatchObject({
    TableName: 'pinflow-demo-counters',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: { SSEEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
});

test('changes are counted in order, with the shard told, until they are', () => {
  const mapping = Object.values(ofType(speed, 'AWS::Lambda::EventSourceMapping')).find(({ EventSourceArn }) =>
    asText(EventSourceArn).endsWith('.StreamArn}'),
  )!;
  expect(mapping).toMatchObject({
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 300,
    MaximumBatchingWindowInSeconds: 0,
    ParallelizationFactor: 1,
    TumblingWindowInSeconds: 900,
    BisectBatchOnFunctionError: true,
  });
  expect(mapping).not.toHaveProperty('MaximumRetryAttempts');
  expect(mapping).not.toHaveProperty('MaximumRecordAgeInSeconds');
  expect(asText(mapping['DestinationConfig'].OnFailure.Destination)).toBe(bucket);
});

test('the role of the aggregate function may do what the function does, and nothing else', () => {
  const { Policies } = named(speed, 'AWS::IAM::Role', 'Aggregate');
  const statements: Properties[] = Policies[0].PolicyDocument.Statement;
  const table = (name: string, attribute = 'Arn') => expect.stringMatching(`^\\$\\{${name}\\w+\\.${attribute}\\}$`);
  expect(statements.map(({ Action, Resource }) => [[Action].flat(), [Resource].flat().map(asText)])).toEqual([
    [['logs:CreateLogStream', 'logs:PutLogEvents'], [table('AggregateLogs')]],
    [['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], [table('Posts', 'StreamArn')]],
    [['dynamodb:ListStreams'], ['*']],
    [['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [table('Counters')]],
    [['dynamodb:Scan', 'dynamodb:UpdateItem'], [table('Posts')]],
    [['s3:PutObject'], [`${bucket}/aws/lambda/*`, `${bucket}/quarantine/changes/*`]],
    [['s3:ListBucket'], [bucket]],
  ]);
});

const bucket = 'arn:${AWS::Partition}:s3:::pinflow-demo-quarantine-${AWS::AccountId}-${AWS::Region}';
