import { expect, test } from '@jest/globals';
import { namedQueries } from '../../lib/lake/questions.ts';
import { asText, named, ofType, only, synth } from '../app/synth.ts';

const { lake } = synth('dev', {}, 'demo', 'none', 'on').templates;

test('partitions of raw are worked out, not registered', () => {
  const { TableInput: table } = only(lake, 'AWS::Glue::Table');
  expect(table).toMatchObject({
    Name: 'raw',
    PartitionKeys: [
      { Name: 'feed', Type: 'string' },
      { Name: 'dt', Type: 'string' },
    ],
    Parameters: {
      'projection.enabled': 'true',
      'projection.feed.type': 'enum',
      'projection.feed.values': 'pin,geo,user',
      'projection.dt.type': 'date',
      'projection.dt.format': 'yyyy-MM-dd',
    },
    StorageDescriptor: { SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' } },
  });
  // Its bucket is a resource of the same stack.
  expect(asText(table.Parameters['storage.location.template'])).toMatch(
    /^s3:\/\/\$\{Raw\w+\}\/raw\/\$\{feed\}\/dt=\$\{dt\}\/$/,
  );
  expect(table.StorageDescriptor.Columns.map(({ Name, Type }: Record<string, string>) => `${Name} ${Type}`)).toEqual([
    'source string',
    'topic string',
    'partition string',
    'offset string',
    'timestamp bigint',
    'key string',
    'value string',
    'keybase64 string',
    'valuebase64 string',
  ]);
});

test('tables that engines make are in the warehouse: its database says where', () => {
  const { DatabaseInput: database } = only(lake, 'AWS::Glue::Database');
  expect(asText(database.LocationUri)).toMatch(/^s3:\/\/\$\{Curated\w+\}\/warehouse$/);
});

test('queries are encrypted and limited, whatever the client asks for', () => {
  expect(only(lake, 'AWS::Athena::WorkGroup')).toMatchObject({
    Name: 'pinflow-demo',
    WorkGroupConfiguration: {
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 10 * 1024 ** 3,
      EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
      ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
    },
  });
});

test('results expire; raw never does, but cools down', () => {
  const rules = (bucket: string) => named(lake, 'AWS::S3::Bucket', bucket)['LifecycleConfiguration'].Rules;
  expect(rules('Curated')).toContainEqual(
    expect.objectContaining({ Id: 'expire-query-results', Prefix: 'athena/', ExpirationInDays: 30 }),
  );
  expect(rules('Raw')).toContainEqual(
    expect.objectContaining({
      Id: 'cool-down',
      Prefix: 'raw/',
      Transitions: [{ StorageClass: 'STANDARD_IA', TransitionInDays: 90 }],
    }),
  );
  for (const rule of rules('Raw')) expect(rule).not.toHaveProperty('ExpirationInDays');
});

test('without the batch path there is no catalog', () => {
  const types = Object.values(synth('dev', {}, 'demo', 'none', 'off').templates.lake.Resources).map(({ Type }) => Type);
  expect(types.filter((type) => /Glue|Athena/.test(type))).toEqual([]);
  expect(Object.keys(ofType(lake, 'AWS::Athena::NamedQuery'))).toHaveLength(namedQueries().length);
});
