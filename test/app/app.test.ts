import { beforeAll, describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Stack } from 'aws-cdk-lib/core';
import { buildApp, newApp } from '../../lib/app.ts';
import { LakeStack } from '../../lib/lake/lake-stack.ts';
import { DeploymentIdError, namesOf } from '../../lib/names.ts';
import { PROFILES, profileNamed, UnknownProfileError } from '../../lib/profiles/index.ts';
import { type Properties, type Synthesized, synth, type TemplateResource } from './synth.ts';

const TAGGED = [
  'AWS::S3::Bucket',
  'AWS::Kinesis::Stream',
  'AWS::DynamoDB::Table',
  'AWS::Lambda::Function',
  'AWS::Logs::LogGroup',
  'AWS::ApiGateway::RestApi',
];

/** Actions that IAM lets be granted for all resources only. */
const WITHOUT_RESOURCE_LEVEL = ['kinesis:ListStreams'];

describe.each(PROFILES.map(({ name }) => name))('profile %s', (profile) => {
  let app: Synthesized;
  let resources: [string, TemplateResource][];

  beforeAll(() => {
    app = synth(profile);
    resources = Object.values(app.templates).flatMap((template) => Object.entries(template.Resources));
  });

  test('has no finding of cdk-nag', () => {
    expect(app.report['pluginReports'].map(({ pluginName }: Properties) => pluginName)).toEqual([
      'Construct Annotations',
    ]);
  });

  test('names no account and no region', () => {
    const text = JSON.stringify(app.templates);
    expect(text).not.toMatch(/\b\d{12}\b/);
    expect(text).not.toMatch(/\b(us|eu|ap|sa|ca|me|af)-(north|south|east|west|central)[a-z]*-\d\b/);
  });

  test('has no custom resource, no metadata of CDK and no parameter', () => {
    expect(resources.filter(([, { Type }]) => /^Custom::|CustomResource|^AWS::CDK::/.test(Type))).toEqual([]);
    for (const template of Object.values(app.templates)) expect(Object.keys(template)).not.toContain('Parameters');
  });

  test('grants all resources only where the service has no resource level', () => {
    const statements = resources
      .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
      .flatMap(([, { Properties }]) => Properties['Policies'] ?? [])
      .flatMap((policy: Properties) => policy['PolicyDocument'].Statement as Properties[]);
    const unlimited = statements.filter(({ Resource }) => [Resource].flat().includes('*'));
    expect(unlimited.flatMap(({ Action }) => Action)).toEqual(WITHOUT_RESOURCE_LEVEL);
    expect(statements.flatMap(({ Action }) => Action).filter((action: string) => action.includes('*'))).toEqual([]);
  });

  test('tags what can be tagged', () => {
    const tagged = resources.filter(([, { Type }]) => TAGGED.includes(Type));
    for (const [, { Properties }] of tagged) {
      expect(Properties['Tags']).toEqual([
        { Key: 'deployment', Value: 'demo' },
        { Key: 'profile', Value: profile },
        { Key: 'project', Value: 'pinflow' },
      ]);
    }
  });

  test('describes what it puts out', () => {
    const outputs = Object.values(app.templates).flatMap((template) => Object.entries(template.Outputs));
    expect(outputs.map(([name]) => name)).toEqual(expect.arrayContaining(['ApiUrl', 'PostsTable', 'QuarantineBucket']));
    expect(outputs.filter(([, { Description }]) => !Description)).toEqual([]);
  });

  test('keeps data unless the flag is given too', () => {
    const stateful = ['AWS::S3::Bucket', 'AWS::Kinesis::Stream', 'AWS::DynamoDB::Table'];
    const policies = (from: Synthesized) =>
      Object.values(from.templates)
        .flatMap((template) => Object.values(template.Resources))
        .filter(({ Type }) => stateful.includes(Type))
        .flatMap(({ DeletionPolicy, UpdateReplacePolicy }) => [DeletionPolicy, UpdateReplacePolicy]);
    expect(new Set(policies(app))).toEqual(new Set(['Retain']));
    expect(new Set(policies(synth(profile, { allowDataDeletion: 'true' })))).toEqual(new Set(['Delete']));
  });
});

test('a finding of cdk-nag stops the synthesis', () => {
  const app = newApp({ context: { 'aws:cdk:bundling-stacks': [] } });
  const { lake } = buildApp(app, { profile: profileNamed('dev'), deployment: 'demo' });
  new Bucket(lake, 'Careless');
  expect(() => app.synth()).toThrow(/server access logs disabled[\s\S]*Careless/);
});

test('a profile that keeps data needs more than the flag', () => {
  const app = newApp({ context: { allowDataDeletion: true } });
  const lake = new LakeStack(app, { profile: { ...profileNamed('dev'), data: 'retain' }, deployment: 'demo' });
  const buckets = Object.values(Template.fromStack(lake).findResources('AWS::S3::Bucket'));
  expect(buckets.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(Array(4).fill('Retain'));
});

test('warns of an open API and of data that is kept against the profile', () => {
  const warnings = (context = {}) => JSON.stringify(synth('dev', context).report);
  expect(warnings()).toContain('pinflow:openApi');
  expect(warnings()).toContain('pinflow:dataRetained');
  expect(warnings({ allowDataDeletion: true })).not.toContain('pinflow:dataRetained');
});

test('the stacks of another deployment share no name with these', () => {
  const { lake, ingest, speed } = synth('laptop', {}, 'other').templates;
  expect(JSON.stringify({ lake, ingest, speed })).not.toMatch(/[-/]demo\b/);
});

test('an unknown profile is answered with the names there are', () => {
  expect(() => profileNamed('prod')).toThrow(UnknownProfileError);
  expect(() => profileNamed('prod')).toThrow(/"prod".*laptop, dev/);
});

test.each(['', 'Demo', 'a_b', '-a', 'a-', 'a--b', 'a/b', 'x'.repeat(15), '"a'])('deployment id %j is refused', (id) => {
  expect(() => namesOf(id)).toThrow(DeploymentIdError);
});

test('bucket names keep within 63 characters in the region with the longest name', () => {
  for (const name of Object.values(namesOf('x'.repeat(14)).buckets)) {
    const resolved = new Stack()
      .resolve(name)
      ['Fn::Join'][1].map((part: string | Properties) =>
        typeof part === 'string'
          ? part
          : { 'AWS::AccountId': '0'.repeat(12), 'AWS::Region': 'us-isof-south-1' }[part['Ref'] as string],
      );
    expect(resolved.join('').length).toBeLessThanOrEqual(63);
  }
});

test.each(['demo', 'a', '0a1b2c3d4e5f', 'a-b-c', 'x'.repeat(14)])('deployment id %j is taken', (id) => {
  expect(namesOf(id).streams.pin).toBe(`streaming-${id}-pin`);
});
