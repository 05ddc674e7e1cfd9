import { describe, expect, test } from '@jest/globals';
import { type Decision, decide, parsePolicy, type Question } from '../../../local/access/policy.ts';

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/clean`;

const ask = (statements: object[], question: Partial<Question>): Decision =>
  decide(
    {
      principal: { id: ROLE, kind: 'AWS', account: ACCOUNT },
      action: 's3:PutObject',
      resource: 'arn:aws:s3:::quarantine/a/b.json',
      context: new Map([['aws:securetransport', ['true']]]),
      ...question,
    },
    [parsePolicy({ Version: '2012-10-17', Statement: statements }, 'test')],
  );

const allow = (more: object) => ({ Effect: 'Allow', Action: '*', Resource: '*', ...more });
const deny = (more: object) => ({ Effect: 'Deny', Action: '*', Resource: '*', ...more });
const key = (name: string, ...values: string[]) => ({ context: new Map([[name.toLowerCase(), values]]) });
const on = (Condition: object) => [allow({ Condition })];

describe('statements', () => {
  test.each<[string, object[], Partial<Question>, Decision]>([
    ['nothing allows', [], {}, 'implicit-deny'],
    ['an allow', [allow({})], {}, 'allow'],
    ['a deny after an allow', [allow({}), deny({})], {}, 'explicit-deny'],
    ['a deny before an allow', [deny({}), allow({})], {}, 'explicit-deny'],
    ['a deny of something else', [allow({}), deny({ Action: 's3:Get*' })], {}, 'allow'],
    ['an action in other case', [allow({ Action: 'S3:putobject' })], {}, 'allow'],
    ['an action with a wildcard', [allow({ Action: ['s3:Put*'] })], {}, 'allow'],
    ['an action of another service', [allow({ Action: 'sns:*' })], {}, 'implicit-deny'],
    ['NotAction', [allow({ NotAction: 's3:Put*', Action: undefined })], {}, 'implicit-deny'],
    ['NotAction of others', [allow({ NotAction: 's3:Get*', Action: undefined })], {}, 'allow'],
    ['a wildcard across slashes', [allow({ Resource: 'arn:aws:s3:::quarantine/*' })], {}, 'allow'],
    ['the bucket is not its objects', [allow({ Resource: 'arn:aws:s3:::quarantine' })], {}, 'implicit-deny'],
    ['a resource in other case', [allow({ Resource: 'arn:aws:s3:::Quarantine/*' })], {}, 'implicit-deny'],
    ['a question mark', [allow({ Resource: 'arn:aws:s3:::quarantine/?/b.json' })], {}, 'allow'],
    [
      'a wildcard stays in its part',
      [allow({ Resource: 'arn:aws:*/b.json' })],
      { resource: 'arn:aws:s3:r:a:x/b.json' },
      'allow',
    ],
    [
      'a part that differs',
      [allow({ Resource: 'arn:aws:s3:*:1:x' })],
      { resource: 'arn:aws:s3:r:2:x' },
      'implicit-deny',
    ],
    ['a dot is a dot', [allow({ Resource: 'arn:aws:s3:::quarantine/a/b?json' })], {}, 'allow'],
    [
      'regular expression signs are text',
      [allow({ Resource: 'arn:aws:s3:::quarantine/a/b.js(on)' })],
      {},
      'implicit-deny',
    ],
    ['NotResource', [allow({ NotResource: 'arn:aws:s3:::quarantine/*', Resource: undefined })], {}, 'implicit-deny'],
  ])('%s', (_, statements, question, expected) => {
    const cleaned = statements.map((one) => JSON.parse(JSON.stringify(one)));
    expect(ask(cleaned, question)).toBe(expected);
  });
});

describe('principals', () => {
  test.each<[string, unknown, Decision]>([
    ['everyone', '*', 'allow'],
    ['every account', { AWS: '*' }, 'allow'],
    ['the account', { AWS: `arn:aws:iam::${ACCOUNT}:root` }, 'allow'],
    ['the role', { AWS: [ROLE] }, 'allow'],
    ['another role', { AWS: `${ROLE}2` }, 'implicit-deny'],
    ['a service', { Service: 'logging.s3.amazonaws.com' }, 'implicit-deny'],
  ])('%s', (_, Principal, expected) => {
    expect(ask([allow({ Principal })], {})).toBe(expected);
  });

  test('a service is named exactly', () => {
    const principal = { id: 'lambda.amazonaws.com', kind: 'Service', account: ACCOUNT } as const;
    expect(ask([allow({ Principal: { Service: 'lambda.amazonaws.com' } })], { principal })).toBe('allow');
    expect(ask([allow({ Principal: { Service: 'glue.amazonaws.com' } })], { principal })).toBe('implicit-deny');
  });
});

describe('conditions', () => {
  test.each<[string, object, Partial<Question>, Decision]>([
    ['Bool', { Bool: { 'aws:SecureTransport': 'false' } }, {}, 'implicit-deny'],
    ['Bool that holds', { Bool: { 'aws:SecureTransport': true } }, {}, 'allow'],
    ['StringEquals', { StringEquals: { 'aws:SourceAccount': ['1', '2'] } }, key('aws:SourceAccount', '2'), 'allow'],
    [
      'StringEquals of another',
      { StringEquals: { 'aws:SourceAccount': '1' } },
      key('aws:SourceAccount', '2'),
      'implicit-deny',
    ],
    ['a missing key', { StringEquals: { 'aws:SourceAccount': '1' } }, {}, 'implicit-deny'],
    ['a missing key, IfExists', { StringEqualsIfExists: { 'aws:SourceAccount': '1' } }, {}, 'allow'],
    ['a missing key, negated', { StringNotEquals: { 'aws:SourceAccount': '1' } }, {}, 'allow'],
    [
      'negated, one of several',
      { StringNotEquals: { 'aws:SourceAccount': ['1', '2'] } },
      key('aws:SourceAccount', '2'),
      'implicit-deny',
    ],
    ['StringLike', { StringLike: { 's3:prefix': 'raw/*' } }, key('s3:prefix', 'raw/pin/'), 'allow'],
    [
      'ArnLike',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::raw*' } },
      key('aws:SourceArn', 'arn:aws:s3:::raw-1'),
      'allow',
    ],
    [
      'ArnEquals',
      { ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::raw' } },
      key('aws:SourceArn', 'arn:aws:s3:::raw-1'),
      'implicit-deny',
    ],
    ['Null true', { Null: { 'aws:SourceArn': 'true' } }, {}, 'allow'],
    ['Null false', { Null: { 'aws:SourceArn': 'false' } }, {}, 'implicit-deny'],
    [
      'ForAllValues',
      { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['1', '2'] } },
      key('dynamodb:LeadingKeys', '1', '2'),
      'allow',
    ],
    [
      'ForAllValues, one too many',
      { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['1'] } },
      key('dynamodb:LeadingKeys', '1', '2'),
      'implicit-deny',
    ],
    [
      'ForAnyValue',
      { 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': ['2'] } },
      key('dynamodb:LeadingKeys', '1', '2'),
      'allow',
    ],
    [
      'two keys must both hold',
      { StringEquals: { 's3:prefix': 'a', 'aws:SourceAccount': '1' } },
      key('s3:prefix', 'a'),
      'implicit-deny',
    ],
  ])('%s', (_, condition, question, expected) => {
    expect(ask(on(condition), question)).toBe(expected);
  });
});

describe('what is not evaluated is refused, never guessed', () => {
  test.each<[string, object, string]>([
    [
      'an operator',
      allow({ Condition: { NumericLessThan: { 's3:prefix': '1' } } }),
      'the condition operator NumericLessThan',
    ],
    [
      'a key',
      allow({ Condition: { StringEquals: { 'aws:RequestTag/a': '1' } } }),
      'the condition key aws:RequestTag/a',
    ],
    ['a variable', allow({ Resource: 'arn:aws:s3:::home/${aws:username}' }), 'the policy variable ${aws:username}'],
    ['a member', allow({ Actions: 's3:*' }), 'the unknown member Actions'],
    ['an effect', allow({ Effect: 'allow' }), 'Effect must be Allow or Deny'],
    ['no action', { Effect: 'Allow', Resource: '*' }, 'a statement has no Action'],
    ['both', allow({ NotAction: 's3:*' }), 'Action and NotAction exclude each other'],
  ])('%s', (_, statement, expected) => {
    expect(() => ask([statement], {})).toThrow(expected);
  });
});
