import { describe, expect, test } from '@jest/globals';
import type { Place } from '../../../local/template/errors.ts';
import {
  chooseBranches,
  references,
  resolve,
  resolveCondition,
  type Scope,
} from '../../../local/template/intrinsics.ts';

const place: Place = {
  stack: 'pinflow-demo-speed',
  logicalId: 'CleanFunction',
  path: 'pinflow-demo-speed/Clean/Function',
  property: 'Properties',
};

const refs: Record<string, string> = { Table: 'posts', 'AWS::Region': 'us-east-1', Empty: '' };
const conditions: Record<string, boolean> = { IsProd: false, IsLaptop: true };
const scope: Scope = {
  ref: (name) => refs[name],
  attribute: (logicalId, name) =>
    logicalId === 'Table' && name === 'Arn' ? 'arn:aws:dynamodb:us-east-1:0:table/posts' : undefined,
  condition: (name) => conditions[name],
  exported: (name) => (name === 'Lake:Raw' ? 'raw-bucket' : undefined),
  output: (stack, name) => (stack === 'lake' && name === 'Raw' ? 'raw-bucket' : undefined),
};

describe('values', () => {
  test.each<[string, unknown, unknown]>([
    ['plain values stay', { a: [1, true, null, 'x'] }, { a: [1, true, null, 'x'] }],
    ['Ref', { Ref: 'Table' }, 'posts'],
    ['Ref to an empty value', { Ref: 'Empty' }, ''],
    ['Ref to a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:aws:dynamodb:us-east-1:0:table/posts'],
    ['GetAtt as text', { 'Fn::GetAtt': 'Table.Arn' }, 'arn:aws:dynamodb:us-east-1:0:table/posts'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Table' }, 3]] }, 'a-posts-3'],
    ['Join of a Split', { 'Fn::Join': ['/', { 'Fn::Split': [':', 'a:b'] }] }, 'a/b'],
    [
      'Sub',
      { 'Fn::Sub': 'x-${Table}-${Table.Arn}-${AWS::Region}' },
      'x-posts-arn:aws:dynamodb:us-east-1:0:table/posts-us-east-1',
    ],
    ['Sub with variables', { 'Fn::Sub': ['${a}/${Table}', { a: { Ref: 'Table' } }] }, 'posts/posts'],
    ['Sub with a literal', { 'Fn::Sub': '${!Table} $ {Table} $Table' }, '${Table} $ {Table} $Table'],
    ['Select', { 'Fn::Select': [1, ['a', 'b']] }, 'b'],
    [
      'Select with a text index',
      { 'Fn::Select': ['0', { 'Fn::Split': ['/', { 'Fn::GetAtt': 'Table.Arn' }] }] },
      'arn:aws:dynamodb:us-east-1:0:table',
    ],
    ['If true', { 'Fn::If': ['IsLaptop', { Ref: 'Table' }, { Ref: 'Missing' }] }, 'posts'],
    ['If false', { 'Fn::If': ['IsProd', 1, 2] }, 2],
    ['NoValue in an object', { a: 1, b: { 'Fn::If': ['IsProd', 1, { Ref: 'AWS::NoValue' }] } }, { a: 1 }],
    ['NoValue in a list', [1, { Ref: 'AWS::NoValue' }, 2], [1, 2]],
    ['Base64', { 'Fn::Base64': { Ref: 'Table' } }, 'cG9zdHM='],
    ['ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': 'Lake:Raw' } }, 'raw-bucket'],
    [
      'GetStackOutput',
      { 'Fn::GetStackOutput': { StackName: 'lake', OutputName: 'Raw', Region: { Ref: 'AWS::Region' } } },
      'raw-bucket',
    ],
    ['GetAZs', { 'Fn::GetAZs': '' }, ['us-east-1a', 'us-east-1b', 'us-east-1c']],
    ['a Condition of a policy', { Condition: { Bool: { a: 'b' } } }, { Condition: { Bool: { a: 'b' } } }],
  ])('%s', (_, value, expected) => {
    expect(resolve(value, scope, place)).toEqual(expected);
  });
});

describe('conditions', () => {
  test.each<[string, unknown, boolean]>([
    ['Equals', { 'Fn::Equals': [{ Ref: 'Table' }, 'posts'] }, true],
    ['Equals of others', { 'Fn::Equals': ['a', 'b'] }, false],
    ['Not', { 'Fn::Not': [{ Condition: 'IsProd' }] }, true],
    ['And', { 'Fn::And': [{ Condition: 'IsLaptop' }, { Condition: 'IsProd' }] }, false],
    ['Or', { 'Fn::Or': [{ Condition: 'IsLaptop' }, { Condition: 'IsProd' }] }, true],
  ])('%s', (_, value, expected) => {
    expect(resolveCondition(value, scope, place)).toBe(expected);
  });
});

describe('what is not known stops with its name and place', () => {
  const where = 'pinflow-demo-speed.CleanFunction (pinflow-demo-speed/Clean/Function) at Properties';
  test.each<[string, unknown, string]>([
    [
      'an intrinsic',
      { Zones: { 'Fn::Cidr': '' } },
      `${where}.Zones: the local runtime does not have the intrinsic Fn::Cidr`,
    ],
    ['a Ref', { A: [{ Ref: 'Missing' }] }, `${where}.A.0.Ref: Ref names Missing`],
    [
      'an attribute',
      { 'Fn::GetAtt': ['Table', 'StreamArn'] },
      `${where}.Fn::GetAtt: Fn::GetAtt asks for Table.StreamArn`,
    ],
    ['a name in Sub', { A: { 'Fn::Sub': '${Missing}' } }, `${where}.A.Fn::Sub: Fn::Sub names \${Missing}`],
    ['an import', { 'Fn::ImportValue': 'x' }, `${where}.Fn::ImportValue: Fn::ImportValue names x`],
    ['a condition', { 'Fn::If': ['Missing', 1, 2] }, `${where}.Fn::If.0: condition Missing`],
    ['an index', { 'Fn::Select': [2, ['a', 'b']] }, `${where}.Fn::Select: Fn::Select takes element 2 of a list of 2`],
    ['a neighbour', { Ref: 'Table', Other: 1 }, `${where}: Ref stands beside other keys (Other)`],
    ['a shape', { 'Fn::Join': ['-'] }, `${where}.Fn::Join: a list of 2 is needed here, not of 1`],
    ['an object in a Join', { 'Fn::Join': ['-', ['a', {}]] }, `${where}.Fn::Join.1.1: text is needed here, not {}`],
  ])('%s', (_, value, expected) => {
    expect(() => resolve(value, scope, place)).toThrow(expected);
  });
});

test('references are found without resolving', () => {
  const value = {
    a: { Ref: 'A' },
    b: {
      'Fn::Join': ['', [{ 'Fn::GetAtt': ['B', 'Arn'] }, { 'Fn::Sub': ['${C.Arn}${v}${!D}', { v: { Ref: 'E' } }] }]],
    },
  };
  expect(references(value, place).map(({ name, attribute }) => [name, attribute])).toEqual([
    ['A', undefined],
    ['B', 'Arn'],
    ['C', 'Arn'],
    ['E', undefined],
  ]);
  expect(() => references({ x: { 'Fn::Cidr': [] } }, place)).toThrow('Fn::Cidr');
});

test('branches are chosen and everything else stays', () => {
  const value = { a: { 'Fn::If': ['IsProd', 1, { b: { Ref: 'Missing' } }] }, c: [{ Ref: 'AWS::NoValue' }] };
  expect(chooseBranches(value, scope, place)).toEqual({ a: { b: { Ref: 'Missing' } }, c: [] });
});
