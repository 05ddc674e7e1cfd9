import { describe, expect, test } from '@jest/globals';
import { asText, named, ofType, type Properties, synth } from '../app/synth.ts';

const { speed } = synth('laptop', {}, 'demo', 'none', 'off').templates;
const fn = named(speed, 'AWS::Lambda::Function', 'Clean');
const redrive = named(speed, 'AWS::Lambda::Function', 'Redrive');
const role = named(speed, 'AWS::IAM::Role', 'Clean');

test('the posts table has one item a post, encrypted, recoverable and paid by use', () => {
  expect(named(speed, 'AWS::DynamoDB::Table', 'Posts')).toMatchObject({
    KeySchema: [{ AttributeName: 'ind', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'ind', AttributeType: 'N' }],
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: { SSEEnabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
});

test('the clean function runs with the memory, role, logs and names it needs', () => {
  expect(fn).toMatchObject({
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    MemorySize: 256,
    Timeout: 30,
    Role: { 'Fn::GetAtt': [expect.stringMatching(/^CleanRole/), 'Arn'] },
    LoggingConfig: { LogGroup: { Ref: expect.stringMatching(/^CleanLogs/) } },
  });
  const { QUARANTINE_BUCKET: bucket, ...variables } = fn['Environment'].Variables;
  expect(asText(bucket)).toBe('pinflow-demo-quarantine-${AWS::AccountId}-${AWS::Region}');
  expect(variables).toEqual({
    POSTS_TABLE: 'pinflow-demo-posts',
    COUNTERS_TABLE: 'pinflow-demo-counters',
    FEED_BY_SOURCE: '{"streaming-demo-pin":"pin","streaming-demo-geo":"geo","streaming-demo-user":"user"}',
    POWERTOOLS_SERVICE_NAME: 'clean',
    POWERTOOLS_METRICS_NAMESPACE: 'Pinflow',
    NODE_OPTIONS: '--enable-source-maps',
  });
});

test('its role may do what the function does, and nothing else', () => {
  expect(role['ManagedPolicyArns']).toBeUndefined();
  const stream = 'arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/streaming-demo-';
  expect(grantsOf(role)).toEqual([
    ['Allow', ['logs:CreateLogStream', 'logs:PutLogEvents'], ['${CleanLogsD789EA51.Arn}']],
    ['Allow', ['dynamodb:UpdateItem'], ['${Posts868B3EAD.Arn}']],
    ['Allow', ['dynamodb:GetItem'], [expect.stringMatching(/^\$\{Counters\w+\.Arn\}$/)]],
    [
      'Allow',
      [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
      [`${stream}geo`, `${stream}pin`, `${stream}user`],
    ],
    ['Allow', ['s3:PutObject'], [`${bucket}/aws/lambda/*`, `${bucket}/quarantine/*`]],
    ['Allow', ['s3:ListBucket'], [bucket]],
  ]);
});

test('the redrive function has the names of the clean function, and takes what it stored out of quarantine', () => {
  expect(redrive).toMatchObject({
    FunctionName: 'pinflow-demo-redrive',
    Handler: 'index.handler',
    LoggingConfig: { LogGroup: { Ref: expect.stringMatching(/^RedriveLogs/) } },
    Environment: { Variables: { ...fn['Environment'].Variables, POWERTOOLS_SERVICE_NAME: 'redrive' } },
  });
  expect(grantsOf(named(speed, 'AWS::IAM::Role', 'Redrive'))).toEqual([
    ['Allow', ['logs:CreateLogStream', 'logs:PutLogEvents'], [expect.stringMatching(/^\$\{RedriveLogs\w+\.Arn\}$/)]],
    ['Allow', ['dynamodb:UpdateItem'], ['${Posts868B3EAD.Arn}']],
    ['Allow', ['dynamodb:GetItem'], [expect.stringMatching(/^\$\{Counters\w+\.Arn\}$/)]],
    ['Allow', ['s3:DeleteObject', 's3:GetObject'], [`${bucket}/aws/lambda/*`, `${bucket}/quarantine/speed/*`]],
    ['Allow', ['s3:PutObject'], [`${bucket}/quarantine/speed/*`]],
    ['Allow', ['s3:ListBucket'], [bucket]],
  ]);
});

describe('event source mappings', () => {
  const mappings = Object.values(ofType(speed, 'AWS::Lambda::EventSourceMapping')).filter(({ EventSourceArn }) =>
    asText(EventSourceArn).includes(':kinesis:'),
  );

  test('there is one for each stream', () => {
    expect(mappings.map(({ EventSourceArn }) => asText(EventSourceArn).split('/')[1])).toEqual([
      'streaming-demo-pin',
      'streaming-demo-geo',
      'streaming-demo-user',
    ]);
  });

  test.each(mappings)('a failing record stops neither its shard for ever nor is it lost', (mapping) => {
    expect(mapping).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 200,
      MaximumBatchingWindowInSeconds: 0,
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 10,
      MaximumRecordAgeInSeconds: 3600,
    });
    expect(asText(mapping['DestinationConfig'].OnFailure.Destination)).toBe(
      'arn:${AWS::Partition}:s3:::pinflow-demo-quarantine-${AWS::AccountId}-${AWS::Region}',
    );
  });
});

describe('where topics feed the speed layer', () => {
  const { speed: fed } = synth('dev', {}, 'demo', 'none', 'on', 'on').templates;

  test('each topic is read in a consumer group of its own, and a batch comes again until it is stored', () => {
    const mappings = Object.values(ofType(fed, 'AWS::Lambda::EventSourceMapping')).filter(({ Topics }) => Topics);
    expect(mappings).toEqual(
      ['pin', 'geo', 'user'].map((feed) => ({
        FunctionName: { Ref: expect.stringMatching(/^CleanFunction/) },
        EventSourceArn: expect.anything(),
        Topics: [`demo.${feed}`],
        AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: `pinflow-demo-clean-${feed}` },
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 200,
        MaximumBatchingWindowInSeconds: 1,
        Tags: expect.anything(),
      })),
    );
    expect(asText(mappings[0]!['EventSourceArn'])).toMatch(/^\$\{pinflow-demo-broker\./);
  });

  test('the functions know the feed of each topic', () => {
    for (const id of ['Clean', 'Redrive', 'Backfill']) {
      expect(named(fed, 'AWS::Lambda::Function', id)['Environment'].Variables.FEED_BY_SOURCE).toBe(
        '{"streaming-demo-pin":"pin","streaming-demo-geo":"geo","streaming-demo-user":"user","demo.pin":"pin","demo.geo":"geo","demo.user":"user"}',
      );
    }
    expect(fed.Outputs['SpeedTopicNames']?.Value).toBe('demo.pin,demo.geo,demo.user');
  });

  test('the role of the clean function reads these topics in these groups, and no other', () => {
    const grants = grantsOf(named(fed, 'AWS::IAM::Role', 'Clean')) as [string, string[], string[]][];
    const ofKafka = grants.filter(([, actions]) => actions.some((action) => /^kafka|^ec2/.test(action)));
    const below = (kind: string, name: string) => expect.stringMatching(new RegExp(`${kind}.*/${name}$`));
    expect(ofKafka.map(([, actions, resources]) => [actions, resources])).toEqual([
      [
        [
          'kafka-cluster:Connect',
          'kafka-cluster:DescribeClusterDynamicConfiguration',
          'kafka:DescribeClusterV2',
          'kafka:GetBootstrapBrokers',
        ],
        [expect.anything()],
      ],
      [
        ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
        ['geo', 'pin', 'user'].map((feed) => below('TopicArns', `demo.${feed}`)),
      ],
      [
        ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
        ['geo', 'pin', 'user'].map((feed) => below('GroupArns', `pinflow-demo-clean-${feed}`)),
      ],
      [expect.arrayContaining(['ec2:CreateNetworkInterface']), ['*']],
    ]);
  });
});

test('the backfill function reads raw and stores what the clean function stores; without raw there is none', () => {
  expect(Object.keys(ofType(speed, 'AWS::Lambda::Function')).filter((id) => id.startsWith('Backfill'))).toEqual([]);
  const { speed: withRaw } = synth('dev', {}, 'demo', 'none', 'on', 'off').templates;
  const backfill = named(withRaw, 'AWS::Lambda::Function', 'Backfill');
  expect(backfill['FunctionName']).toBe('pinflow-demo-backfill');
  const { FEED_BY_SOURCE: sources } = backfill['Environment'].Variables;
  expect(JSON.parse(sources)).toEqual({
    'streaming-demo-pin': 'pin',
    'streaming-demo-geo': 'geo',
    'streaming-demo-user': 'user',
  });
  const raw = 'arn:${AWS::Partition}:s3:::pinflow-demo-raw-${AWS::AccountId}-${AWS::Region}';
  expect(grantsOf(named(withRaw, 'AWS::IAM::Role', 'Backfill'))).toEqual([
    ['Allow', ['logs:CreateLogStream', 'logs:PutLogEvents'], [expect.stringMatching(/^\$\{BackfillLogs\w+\.Arn\}$/)]],
    ['Allow', ['dynamodb:UpdateItem'], ['${Posts868B3EAD.Arn}']],
    ['Allow', ['dynamodb:GetItem'], [expect.stringMatching(/^\$\{Counters\w+\.Arn\}$/)]],
    ['Allow', ['s3:GetObject'], [`${raw}/raw/*`]],
    ['Allow', ['s3:PutObject'], [`${bucket}/quarantine/speed/*`]],
    ['Allow', ['s3:ListBucket'], [raw]],
  ]);
});

test('the stack is deployed after those whose names it uses', () => {
  const { stacks } = synth('laptop', {}, 'demo', 'none', 'off');
  expect(stacks.speed.dependencies.map(({ stackName }) => stackName).sort()).toEqual([
    'pinflow-demo-ingest',
    'pinflow-demo-lake',
  ]);
  expect(JSON.stringify(speed)).not.toContain('Fn::ImportValue');
});

const bucket = 'arn:${AWS::Partition}:s3:::pinflow-demo-quarantine-${AWS::AccountId}-${AWS::Region}';

function grantsOf({ Policies }: Properties): unknown[] {
  const statements: Properties[] = Policies[0].PolicyDocument.Statement;
  return statements.map(({ Effect, Action, Resource }) => [
    Effect,
    [Action].flat().sort(),
    [Resource].flat().map(asText).sort(),
  ]);
}
