import type { RoleDirectory } from '../access/identities.ts';
import { parsePolicy } from '../access/policy.ts';
import { policyProblems } from './policy-problems.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-policy.html */
export function iamPolicy(identities: RoleDirectory): ResourceType {
  return {
    type: 'AWS::IAM::Policy',
    implemented: ['PolicyDocument', 'PolicyName', 'Roles'],
    inert: {},
    check: ({ PolicyDocument }) => policyProblems(PolicyDocument, 'policy'),
    async create({ properties, generatedName }) {
      const name = String(properties['PolicyName']);
      for (const role of (properties['Roles'] ?? []) as string[]) {
        const policy = parsePolicy(properties['PolicyDocument'], `policy ${name} of role ${role}`);
        identities.putRolePolicy(role, name, policy);
      }
      return { ref: generatedName(), attributes: {} };
    },
  };
}
