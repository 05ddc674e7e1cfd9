import { createHash } from 'node:crypto';
import type { RoleDirectory } from '../access/identities.ts';
import { managedPolicy } from '../access/managed-policies.ts';
import { parsePolicy } from '../access/policy.ts';
import { policyProblems } from './policy-problems.ts';
import type { ResourceType } from './resource.ts';

interface InlinePolicy {
  readonly PolicyName: string;
  readonly PolicyDocument: unknown;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html */
export function iamRole(identities: RoleDirectory): ResourceType {
  return {
    type: 'AWS::IAM::Role',
    implemented: ['AssumeRolePolicyDocument', 'ManagedPolicyArns', 'Policies', 'RoleName'],
    inert: {
      Description: 'text for people',
      MaxSessionDuration: 'sessions do not expire here',
      Tags: 'no policy of ours looks at tags',
    },
    check: (properties) => [
      ...policyProblems(properties['AssumeRolePolicyDocument'], 'trust policy'),
      ...((properties['Policies'] ?? []) as InlinePolicy[]).flatMap(({ PolicyName, PolicyDocument }) =>
        policyProblems(PolicyDocument, `inline policy ${PolicyName}`),
      ),
      ...((properties['ManagedPolicyArns'] ?? []) as unknown[])
        .filter((arn) => typeof arn === 'string' && managedPolicy(arn) === undefined)
        .map((arn) => unknownManagedPolicy(String(arn))),
    ],
    async create({ properties, generatedName }) {
      const name = String(properties['RoleName'] ?? generatedName(64));
      const { arn } = identities.putRole(
        name,
        parsePolicy(properties['AssumeRolePolicyDocument'], `trust policy of role ${name}`),
      );
      for (const { PolicyName, PolicyDocument } of (properties['Policies'] ?? []) as InlinePolicy[]) {
        const policy = parsePolicy(PolicyDocument, `inline policy ${PolicyName} of role ${name}`);
        identities.putRolePolicy(name, PolicyName, policy);
      }
      for (const policyArn of (properties['ManagedPolicyArns'] ?? []) as string[]) {
        const policy = managedPolicy(policyArn);
        if (policy === undefined) throw new Error(unknownManagedPolicy(policyArn));
        identities.putRolePolicy(name, policy.name, policy);
      }
      const id = createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase();
      return { ref: name, attributes: { Arn: arn, RoleId: `AROA${id}` } };
    },
  };
}

const unknownManagedPolicy = (arn: string): string => `the local runtime does not have the managed policy ${arn}`;
