import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { RoleDirectory } from '../../../local/access/identities.ts';
import { iamPolicy } from '../../../local/resources/iam-policy.ts';
import { iamRole } from '../../../local/resources/iam-role.ts';
import type { DeployedResource, ResourceRequest, ResourceType } from '../../../local/resources/resource.ts';
import { readAssembly, type Template } from '../../../local/template/assembly.ts';
import { deploy } from '../../../local/template/deploy.ts';
import { DeploymentFile } from '../../../local/template/state.ts';

let directory: string;
let log: string[];
let requests: ResourceRequest[];
let failing: string | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-deploy-'));
  log = [];
  requests = [];
  failing = undefined;
});

afterEach(() => rmSync(directory, { recursive: true }));

const thing: ResourceType = {
  type: 'Test::Thing',
  implemented: ['Name', 'Uses', 'Mode.Kind', 'Rules.*.Id'],
  inert: { Tags: 'nobody looks at them' },
  async create(request) {
    requests.push(request);
    if (request.logicalId === failing) throw new Error('no room');
    const ref = String(request.properties['Name'] ?? request.generatedName());
    log.push(`create ${ref}`);
    return { ref, attributes: { Arn: `arn:${ref}` } };
  },
  async remove({ ref }: DeployedResource) {
    log.push(`remove ${ref}`);
  },
};

function assemble(...stacks: (Template & { name: string; after?: string })[]) {
  const artifacts: Record<string, object> = {
    assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
  };
  for (const { name, after, ...template } of stacks) {
    writeFileSync(join(directory, `${name}.json`), JSON.stringify(template));
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      dependencies: after === undefined ? ['assets'] : [after],
      properties: { templateFile: `${name}.json`, stackName: name },
      metadata: { [`/${name}/Made/Resource`]: [{ type: 'aws:cdk:logicalId', data: 'Made' }] },
    };
  }
  const file = { source: { path: 'asset.1' }, destinations: { here: { objectKey: '1.zip' } } };
  writeFileSync(join(directory, 'assets.json'), JSON.stringify({ files: { 1: file } }));
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ artifacts }));
  return readAssembly(directory);
}

const run = (...stacks: Parameters<typeof assemble>) =>
  deploy({
    assembly: assemble(...stacks),
    types: [thing, iamRole(identities), iamPolicy(identities)],
    target: { account: '000000000000', region: 'us-east-1' },
    file: new DeploymentFile(directory),
    notice: (line) => log.push(line),
  });

const identities = new RoleDirectory('000000000000');

const made = (name: string, more: object = {}) => ({ Type: 'Test::Thing', Properties: { Name: name }, ...more });

test('the assembly: stacks in dependency order, construct paths, assets by object key', () => {
  const assembly = assemble({ name: 'second', after: 'first', Resources: {} }, { name: 'first', Resources: {} });
  expect(assembly.stacks.map(({ name }) => name)).toEqual(['first', 'second']);
  expect(assembly.stacks[0]!.paths.get('Made')).toBe('first/Made/Resource');
  expect([...assembly.assets]).toEqual([['1.zip', join(directory, 'asset.1')]]);
});

test('no assembly: the message says how to write one', () => {
  expect(() => readAssembly(join(directory, 'none'))).toThrow(/manifest\.json is not there\. Run "npm run synth"/);
});

test('resources are created in order, with resolved properties; outputs and exports cross stacks', async () => {
  const deployment = await run(
    {
      name: 'lake',
      Parameters: { BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap' } },
      Conditions: { Never: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'cn-north-1'] } },
      Resources: {
        User: made('user', { Properties: { Uses: { 'Fn::GetAtt': ['Made', 'Arn'] }, Rules: [{ Id: 1 }] } }),
        Made: made('made'),
        Hidden: made('hidden', { Condition: 'Never' }),
        Metadata: { Type: 'AWS::CDK::Metadata', Properties: { Analytics: 'x' } },
      },
      Outputs: {
        Out: { Value: { Ref: 'Made' }, Description: 'the thing', Export: { Name: 'lake:made' } },
        HiddenOut: { Value: { Ref: 'Hidden' }, Condition: 'Never' },
      },
    },
    {
      name: 'speed',
      after: 'lake',
      Resources: {
        Reader: { Type: 'Test::Thing', Properties: { Name: 'reader', Uses: { 'Fn::ImportValue': 'lake:made' } } },
      },
    },
  );
  expect(requests.map(({ logicalId, properties }) => [logicalId, properties['Uses']])).toEqual([
    ['Made', undefined],
    ['User', 'arn:made'],
    ['Reader', 'made'],
  ]);
  expect(requests[1]!.generatedName()).toMatch(/^lake-User-[0-9A-F]{12}$/);
  expect(deployment['lake']!.outputs).toEqual({
    Out: { value: 'made', description: 'the thing', exportName: 'lake:made' },
  });
  expect(readdirSync(directory)).toContain('deployment.json');
});

test('a restart passes what there was and removes what the templates no longer have', async () => {
  const first = {
    name: 'lake',
    Resources: {
      A: made('a'),
      B: made('b', { Properties: { Name: 'b', Uses: { Ref: 'A' } } }),
      Kept: made('kept', { DeletionPolicy: 'Retain' }),
      Renamed: made('old'),
      Stays: made('stays'),
    },
  };
  const before = await run(first);
  log = [];
  requests = [];
  const after = await run({ name: 'lake', Resources: { Renamed: made('new'), Stays: made('stays') } });
  expect(requests.map(({ previous }) => previous)).toEqual([
    { ref: 'old', attributes: { Arn: 'arn:old' } },
    { ref: 'stays', attributes: { Arn: 'arn:stays' } },
  ]);
  expect(log).toEqual([
    'create new',
    'create stays',
    'remove old',
    'Test::Thing kept (lake.Kept) is no longer in the templates; it is kept, as its policy says',
    'remove b',
    'remove a',
  ]);
  expect(Object.keys(after['lake']!.resources)).toEqual(['Renamed', 'Stays']);
  expect(after['lake']!.resources['Stays']).toEqual(before['lake']!.resources['Stays']);
  expect(after['lake']!.createdAt).toBe(before['lake']!.createdAt);
});

test('a stack that is no longer in the assembly is left as it is, as on AWS', async () => {
  await run({ name: 'lake', Resources: { A: made('a') } });
  log = [];
  expect(await run({ name: 'other', Resources: {} })).not.toHaveProperty('lake');
  expect(log).toEqual([expect.stringContaining('stack lake is not in')]);
  await run({ name: 'lake', Resources: { A: made('a') } });
  expect(requests.at(-1)!.previous).toBeDefined();
});

test('a failure names the place and keeps the record of what exists', async () => {
  failing = 'B';
  const stack = { name: 'lake', Resources: { A: made('a'), B: made('b'), C: made('c') } };
  await expect(run(stack)).rejects.toThrow('lake.B: Test::Thing cannot be created: no room');
  expect(Object.keys(new DeploymentFile(directory).read()['lake']!.resources)).toEqual(['A']);
});

describe('what is not known stops before anything is created', () => {
  test('everything at once, each with its place', async () => {
    const attempt = run({
      name: 'lake',
      Resources: {
        Made: {
          Type: 'Test::Thing',
          Properties: { Colour: 'red', Mode: { Kind: 'x', Size: 1 }, Tags: [{ Key: 'a' }] },
        },
        Strange: { Type: 'AWS::SQS::Queue', Properties: { Wait: { 'Fn::Cidr': '' } } },
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: { AssumeRolePolicyDocument: { Statement: [] }, ManagedPolicyArns: ['arn:aws:iam::aws:policy/x'] },
        },
        Policy: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            PolicyName: 'p',
            PolicyDocument: {
              Statement: {
                Effect: 'Allow',
                Action: 's3:GetObject',
                Resource: { 'Fn::GetAtt': ['Made', 'Arn'] },
                Condition: { DateLessThan: { 'aws:SourceArn': 'x' } },
              },
            },
          },
        },
        Lost: made('lost', { Properties: { Name: { Ref: 'Nowhere' } }, UpdatePolicy: {} }),
      },
    });
    await expect(attempt).rejects.toThrow('does not do 8 things');
    const problems = await attempt.catch((error: { problems: string[] }) => error.problems);
    expect(problems).toEqual([
      expect.stringContaining(
        'lake.Strange at Properties.Wait: the local runtime does not have the intrinsic Fn::Cidr',
      ),
      'lake.Made (lake/Made/Resource) at Properties.Colour: Test::Thing has this property neither implemented nor as inert',
      'lake.Made (lake/Made/Resource) at Properties.Mode.Size: Test::Thing has this property neither implemented nor as inert',
      'lake.Strange: the local runtime does not have the resource type AWS::SQS::Queue',
      'lake.Role: the local runtime does not have the managed policy arn:aws:iam::aws:policy/x',
      'lake.Policy: policy: the condition operator DateLessThan is not evaluated by the local runtime',
      'lake.Lost: the local runtime does not have the resource attribute UpdatePolicy',
      'lake.Lost at Properties.Name.Ref: refers to Nowhere, which is not in this template',
    ]);
    expect(requests).toEqual([]);
  });

  test('a template section', async () => {
    const template = { name: 'lake', Resources: {}, Mappings: {} };
    await expect(run(template)).rejects.toThrow('lake: the local runtime does not have the template section Mappings');
  });
});
