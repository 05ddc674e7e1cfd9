import {
  type CloudFormationClient,
  GetTemplateCommand,
  paginateDescribeStacks,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { deploymentOf } from '../accounting/deployed-names.ts';

export interface DeployedResource {
  readonly type: string;
  /** Its name, for what is looked at here: a bucket, a stream, a table. */
  readonly physicalId: string;
  /** Whether it outlives its stack, as the deployed template says. */
  readonly isKept: boolean;
}

export interface DeployedStack {
  readonly name: string;
  readonly isProtected: boolean;
  readonly resources: readonly DeployedResource[];
}

/**
 * The stacks of a deployment. What becomes of a resource is decided by the template that was deployed, not by the one that
 * the app would write now.
 */
export async function deployedStacks(client: CloudFormationClient, deployment: string): Promise<DeployedStack[]> {
  const stacks: DeployedStack[] = [];
  for await (const { Stacks } of paginateDescribeStacks({ client }, {})) {
    for (const { StackName: name = '', EnableTerminationProtection } of Stacks ?? []) {
      if (deploymentOf(name) !== deployment) continue;
      const resources = await resourcesOf(client, name);
      stacks.push({ name, isProtected: EnableTerminationProtection === true, resources });
    }
  }
  return stacks.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function resourcesOf(client: CloudFormationClient, StackName: string): Promise<DeployedResource[]> {
  const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }));
  const template = JSON.parse(TemplateBody) as { Resources?: Record<string, { DeletionPolicy?: string }> };
  const found: DeployedResource[] = [];
  for await (const { StackResourceSummaries } of paginateListStackResources({ client }, { StackName })) {
    for (const { LogicalResourceId, PhysicalResourceId, ResourceType, ResourceStatus } of StackResourceSummaries ??
      []) {
      if (PhysicalResourceId === undefined || ResourceStatus === 'DELETE_COMPLETE') continue;
      const policy = template.Resources?.[LogicalResourceId ?? '']?.DeletionPolicy;
      const isKept = policy !== undefined && policy !== 'Delete';
      found.push({ type: ResourceType ?? '', physicalId: PhysicalResourceId, isKept });
    }
  }
  return found;
}
