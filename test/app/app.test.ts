import { beforeAll, describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Stack } from 'aws-cdk-lib/core';
import { buildApp, newApp } from '../../lib/app.ts';
import { LakeStack } from '../../lib/lake/lake-stack.ts';
import { DeploymentIdError, namesOf } from '../../lib/names.ts';
import { PROFILES, profileNamed, UnknownProfileError } from '../../lib/profiles/index.ts';
import { type Properties, type Synthesized, synth, synthChecked, type TemplateResource } from './synth.ts';

const TAGGED = [
  'AWS::S3::Bucket',
  'AWS::Kinesis::Stream',
  'AWS::DynamoDB::Table',
  'AWS::Lambda::Function',
  'AWS::Logs::LogGroup',
  'AWS::ApiGateway::RestApi',
  'AWS::StepFunctions::StateMachine',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::EC2::SecurityGroup',
];

/** Actions that IAM lets be granted for all resources only. */
const WITHOUT_RESOURCE_LEVEL = ['dynamodb:ListStreams', 'kinesis:ListStreams'];
const OF_THE_BATCH_PATH = ['cloudwatch:PutMetricData'];
/**
 * What Lambda wants for all resources before it puts a function into a VPC:
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
const FOR_FUNCTIONS_IN_A_VPC = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** The same for event source mappings of topics: https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html */
const FOR_MAPPINGS_OF_TOPICS = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
];

const SWITCHED = [
  ['off', 'off'],
  ['on', 'off'],
  ['on', 'on'],
] as const;
const VARIANTS = PROFILES.flatMap(({ name }) =>
  SWITCHED.map(([batchPath, topicsFeedSpeed]) => [name, batchPath, topicsFeedSpeed] as const),
);

describe.each(VARIANTS)('profile %s with the batch path %s, topics feeding the speed layer %s', (...variant) => {
  const [profile, batchPath, topicsFeedSpeed] = variant;
  let app: Synthesized;
  let resources: [string, TemplateResource][];

  beforeAll(() => {
    app = synthChecked(profile, {}, 'demo', 'none', batchPath, topicsFeedSpeed);
    resources = Object.values(app.templates).flatMap((template) => Object.entries(template.Resources));
  });

  test('has no finding of cdk-nag', () => {
    const reports: Properties[] = app.report['pluginReports'];
    const found = reports.filter(({ violations }) => violations.length > 0);
    expect(found.map(({ pluginName }) => pluginName)).toEqual(['Construct Annotations']);
  });

  test('names no account and no region', () => {
    // A condition holds in one region or in all others.
    const text = JSON.stringify(Object.values(app.templates).map(({ Conditions: _, ...rest }) => rest));
    expect(text).not.toMatch(/\b\d{12}\b/);
    expect(text).not.toMatch(/\b(us|eu|ap|sa|ca|me|af)-(north|south|east|west|central)[a-z]*-\d\b/);
  });

  test('has one custom resource at most, no metadata of CDK and no parameter', () => {
    const custom = resources.filter(([, { Type }]) => /^Custom::|CustomResource|^AWS::CDK::/.test(Type));
    expect(custom.map(([, { Type }]) => Type)).toEqual(batchPath === 'on' ? ['Custom::BootstrapBrokers'] : []);
    for (const template of Object.values(app.templates)) expect(Object.keys(template)).not.toContain('Parameters');
  });

  test('grants all resources only where the service has no resource level', () => {
    const statements = resources
      .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
      .flatMap(([, { Properties }]) => Properties['Policies'] ?? [])
      .flatMap((policy: Properties) => policy['PolicyDocument'].Statement as Properties[]);
    const unlimited = statements.filter(({ Resource }) => [Resource].flat().includes('*'));
    expect(unlimited.flatMap(({ Action }) => Action).sort()).toEqual(
      [
        ...WITHOUT_RESOURCE_LEVEL,
        ...(batchPath === 'on' ? [...OF_THE_BATCH_PATH, ...FOR_FUNCTIONS_IN_A_VPC] : []),
        ...(topicsFeedSpeed === 'on' ? FOR_MAPPINGS_OF_TOPICS : []),
      ].sort(),
    );
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
    // What CDK puts out for other stacks to read.
    const own = outputs.filter(([name]) => !name.startsWith('PublishOutput'));
    expect(own.filter(([, { Description }]) => !Description)).toEqual([]);
  });

  test('locks no stack by an export, and has neither a NAT gateway nor a way in or out of the VPC', () => {
    const text = JSON.stringify(app.templates);
    expect(text).not.toMatch(/Fn::ImportValue|"Export"/);
    expect(text).not.toMatch(/AWS::EC2::(NatGateway|InternetGateway|EIP|TransitGateway|VPCGatewayAttachment)/);
  });

  test('keeps data unless the flag is given too', () => {
    const stateful = [
      'AWS::S3::Bucket',
      'AWS::Kinesis::Stream',
      'AWS::DynamoDB::Table',
      'AWS::MSK::Cluster',
      'AWS::MSK::Topic',
    ];
    const policies = (from: Synthesized) =>
      Object.values(from.templates)
        .flatMap((template) => Object.values(template.Resources))
        .filter(({ Type }) => stateful.includes(Type))
        .map(({ DeletionPolicy, UpdateReplacePolicy }) => `${DeletionPolicy} ${UpdateReplacePolicy}`);
    expect(new Set(policies(app))).toEqual(new Set(['RetainExceptOnCreate Retain']));
    const flagged = synth(profile, { allowDataDeletion: 'true' }, 'demo', 'none', batchPath, topicsFeedSpeed);
    expect(new Set(policies(flagged))).toEqual(new Set(['Delete Delete']));
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
  expect(buckets.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(Array(4).fill('RetainExceptOnCreate'));
});

test('warns of an open API and of data that is kept against the profile', () => {
  const warnings = (context = {}) => JSON.stringify(synth('dev', context).report);
  expect(warnings()).toContain('pinflow:openApi');
  expect(warnings()).toContain('pinflow:dataRetained');
  expect(warnings({ allowDataDeletion: true })).not.toContain('pinflow:dataRetained');
});

test('the stacks of another deployment share no name with these', () => {
  const { templates } = synth('laptop', {}, 'other', 'none', 'on');
  expect(JSON.stringify(templates)).not.toMatch(/[-/_]demo\b|\bdemo\./);
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
