import { expect, test } from '@jest/globals';
import { declaredGrants, eachGrant, grantKey, grantOf, readUnusedGrants } from './grants.ts';
import { type StackName, synth } from './synth.ts';

const { templates, stackNames } = synth('laptop', {}, 'demo', 'none', 'on');
const { unused, notRecorded } = readUnusedGrants();

test('each grant that a run on this machine leaves unused is in the templates', () => {
  const granted = Object.entries(templates).flatMap(([name, { Resources }]) =>
    declaredGrants(Resources).map((grant) => grantKey(grantOf(stackNames[name as StackName], grant))),
  );
  const listed = unused.flatMap((entry) => eachGrant(entry).map(grantKey));
  expect(listed.filter((grant) => !granted.includes(grant))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});

test('each has a page of AWS’s documentation that asks for it, and a reason', () => {
  for (const { required, why } of [...unused, ...notRecorded]) {
    expect(required).toMatch(/^https:\/\/docs\.aws\.amazon\.com\/\S+$/);
    expect(why).toMatch(/\w.*\.$/);
  }
});
