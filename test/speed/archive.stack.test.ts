import { expect, test } from '@jest/globals';
import { grantsOf } from '../app/policies.ts';
import { asText, named, ofType, synth } from '../app/synth.ts';

const { speed } = synth('dev', {}, 'demo', 'none', 'on').templates;

test('the archive function reads every stream; what cannot be written is tried as long as the stream keeps it', () => {
  const mappings = Object.entries(ofType(speed, 'AWS::Lambda::EventSourceMapping'))
    .filter(([id]) => id.startsWith('Archive'))
    .map(([, mapping]) => mapping);
  expect(mappings.map(({ EventSourceArn }) => asText(EventSourceArn).split('/').at(-1))).toEqual([
    'streaming-demo-pin',
    'streaming-demo-geo',
    'streaming-demo-user',
  ]);
  for (const mapping of mappings) {
    expect(mapping).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: false,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    for (const limit of ['MaximumRetryAttempts', 'MaximumRecordAgeInSeconds', 'DestinationConfig']) {
      expect(mapping).not.toHaveProperty(limit);
    }
  }
});

test('its role may read the streams and write to raw', () => {
  const [, ...grants] = grantsOf(speed, 'ArchiveRole');
  expect(grants.map(([actions, resources]) => [actions, resources.length])).toEqual([
    [expect.arrayContaining(['kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards']), 3],
    [['s3:GetObject', 's3:PutObject'], 1],
    [['s3:ListBucket'], 1],
  ]);
  const variables = named(speed, 'AWS::Lambda::Function', 'Archive')['Environment'].Variables;
  expect(asText(variables.RAW_BUCKET)).toMatch(/^pinflow-demo-raw-/);
});

test('without the batch path nothing is archived', () => {
  const { speed: alone } = synth('dev', {}, 'demo', 'none', 'off').templates;
  expect(Object.keys(alone.Resources).filter((id) => id.startsWith('Archive'))).toEqual([]);
});
