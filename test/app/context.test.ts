import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import cdkJson from '../../cdk.json' with { type: 'json' };
import { deploymentOf, UnknownContextKeyError } from '../../lib/context.ts';
import { ContextError } from '../../lib/context-error.ts';
import { profileNamed } from '../../lib/profiles/index.ts';
import { synth } from './synth.ts';

test('without a word it is the demonstration on a laptop', () => {
  expect(deploymentOf({})).toEqual({ profile: profileNamed('laptop'), deployment: 'demo' });
});

test('a key that the app reads changes the deployment', () => {
  const { profile, deployment } = deploymentOf({
    profile: 'dev',
    deployment: 'mine',
    auth: 'iam',
    batchPath: 'off',
    topicsFeedSpeed: 'on',
    canary: 'off',
    allowDataDeletion: 'true',
    'alarm.stream-lag.bad': '1',
  });
  expect(deployment).toBe('mine');
  expect(profile).toMatchObject({ name: 'dev', batchPath: false, topicsFeedSpeed: true, canary: false });
  expect(profile.api.auth).toBe('iam');
  expect(profile.monitoring?.alarms['stream-lag']).toEqual({ bad: 1 });
});

test.each([
  ['batchpath', 'batchPath'],
  ['Profile', 'profile'],
  ['deploymnt', 'deployment'],
  ['allow-data-deletion', 'allowDataDeletion'],
  ['topicsFeedsSpeed', 'topicsFeedSpeed'],
  ['alarms.stream-lag.bad', 'alarm.<name>.<setting>'],
])('%j is refused, and answered with %s', (key, known) => {
  const said = `Nothing reads the context key "${key}", of -c, cdk.json or ~/.cdk.json. Is it ${known}? There are profile, `;
  expect(() => deploymentOf({ profile: 'dev', [key]: 'off' })).toThrow(UnknownContextKeyError);
  expect(() => deploymentOf({ profile: 'dev', [key]: 'off' })).toThrow(said);
});

test('of another word nobody can tell what it was to be', () => {
  expect(() => deploymentOf({ vpcId: 'vpc-1' })).toThrow(
    /"vpcId", of -c, cdk\.json or ~\/\.cdk\.json\. There are profile, /,
  );
});

test('keys of CDK itself are none of ours, nor are those that cdk.json has', () => {
  const ofCdk = [
    ...Object.keys(featureFlags),
    '@aws-cdk/core:bootstrapQualifier',
    'acknowledged-issue-numbers',
    'availability-zones:account=111122223333:region=eu-west-1',
    'aws-cdk:enableDiffNoFail',
    'aws:cdk:bundling-stacks',
    'aws:cdk:enable-path-metadata',
    'cli-telemetry',
    'vpc-provider:account=111122223333:filter.isDefault=true:region=eu-west-1:returnAsymmetricSubnets=true',
  ];
  const context = { ...Object.fromEntries(ofCdk.map((key) => [key, true])), ...cdkJson.context };
  expect(deploymentOf(context)).toEqual(deploymentOf({}));
});

test.each([
  [{ profile: 'prod' }, /profile "prod"/],
  [{ auth: 'basic' }, /auth "basic"/],
  [{ canary: true }, /true for canary: use -c canary=on/],
  [{ 'alarm.canary.bad': 'x' }, /takes a number/],
])('%j is refused as what the user gave', (context, message) => {
  expect(() => deploymentOf(context)).toThrow(ContextError);
  expect(() => deploymentOf(context)).toThrow(message);
});

test('the second key of data is turned by true alone, and never by mistake', () => {
  expect(() => synth('dev', { allowDataDeletion: 'yes' })).toThrow(
    /"yes" for allowDataDeletion: use -c allowDataDeletion=true/,
  );
});

test('the app tells it without a stack trace, and ends with 1', () => {
  const { status, stderr } = spawnSync(process.execPath, [join('bin', 'pinflow.ts')], {
    cwd: join(__dirname, '..', '..'),
    env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ ...cdkJson.context, batchpath: 'off' }) },
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stderr).toBe(`${new UnknownContextKeyError('batchpath').message}\n`);
  expect(status).toBe(1);
}, 60_000);
