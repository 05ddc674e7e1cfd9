import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Authorizer } from '../../../local/access/authorizer.ts';
import { RoleDirectory } from '../../../local/access/identities.ts';
import { parsePolicy } from '../../../local/access/policy.ts';
import { CallRecorder } from '../../../local/access/recorder.ts';

const ACCOUNT = '000000000000';
const trust = parsePolicy(
  { Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] },
  'trust',
);

test('a role has the same key at every start, and its key leads back to it', () => {
  const [first, second] = [new RoleDirectory(ACCOUNT), new RoleDirectory(ACCOUNT)];
  const caller = first.putRole('clean', trust);
  expect(second.putRole('clean', trust)).toEqual(caller);
  expect(caller.accessKeyId).toMatch(/^ASIA[0-9A-F]{16}$/);
  expect(first.byAccessKey(caller.accessKeyId)).toBe(caller);
  expect(first.byAccessKey('pinflow')).toBe(first.administrator);
  expect(first.byAccessKey('other')).toBeUndefined();
});

test('a service assumes the roles that trust it, no others', () => {
  const identities = new RoleDirectory(ACCOUNT);
  const caller = identities.putRole('clean', trust);
  expect(identities.assume(caller.arn, 'lambda.amazonaws.com')).toBe(caller);
  expect(() => identities.assume(caller.arn, 'apigateway.amazonaws.com')).toThrow(
    `apigateway.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${caller.arn}`,
  );
  expect(() => identities.assume(`${caller.arn}2`, 'lambda.amazonaws.com')).toThrow('no such role exists');
});

test('the policy of a resource allows within the account and denies to everyone', () => {
  const identities = new RoleDirectory(ACCOUNT);
  const authorizer = new Authorizer({ account: ACCOUNT, identities, recorder: new CallRecorder(), refused: () => {} });
  const role = identities.putRole('clean', trust);
  const request = { action: 's3:GetObject', resource: 'arn:aws:s3:::raw/key' };
  const bucketPolicy = (...Statement: object[]) =>
    authorizer.putResourcePolicy('arn:aws:s3:::raw', parsePolicy({ Statement }, 'bucket policy'));
  const everyone = { Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::raw/*' };

  expect(() => authorizer.authorize(role, request)).toThrow('because no identity-based policy allows');
  bucketPolicy({ Effect: 'Allow', ...everyone, Principal: { AWS: role.arn } });
  expect(() => authorizer.authorize(role, request)).not.toThrow();
  bucketPolicy({ Effect: 'Deny', ...everyone, Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
  expect(() => authorizer.authorize(identities.administrator, request)).not.toThrow();
  bucketPolicy({ Effect: 'Deny', ...everyone });
  expect(() => authorizer.authorize(identities.administrator, request)).toThrow(
    'with an explicit deny in a resource-based policy',
  );
});

test('the record counts every call and keeps a bounded file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinflow-record-'));
  const file = join(directory, 'calls.jsonl');
  const recorder = new CallRecorder({ file, fileLimit: 1000, countLimit: 2 });
  for (let i = 0; i < 12; i += 1) {
    const resource = `arn:aws:s3:::raw/${i % 4}`;
    recorder.record({ time: 0, service: 's3', action: 's3:PutObject', resource, role: 'r', allowed: true });
    recorder.flush();
  }
  const lines = (name: string) => readFileSync(name, 'utf8').trimEnd().split('\n');
  expect(recorder.counts().map(({ resource, count }) => [resource, count])).toEqual([
    ['(others)', 6],
    ['arn:aws:s3:::raw/0', 3],
    ['arn:aws:s3:::raw/1', 3],
  ]);
  expect(lines(file).length + lines(`${file}.1`).length).toBe(12);
  expect(JSON.parse(lines(file)[0]!)).toMatchObject({ time: '1970-01-01T00:00:00.000Z', action: 's3:PutObject' });
  rmSync(directory, { recursive: true });
});
