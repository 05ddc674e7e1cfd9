import type { AccessRequest } from '../../access/caller.ts';
import type { Deployment, StackState } from '../../template/state.ts';
import { type JsonObject, type QueryService, ServiceError } from '../service.ts';

type Describe = (deployment: Deployment, parameters: URLSearchParams) => JsonObject;

const operations: Readonly<Record<string, Describe>> = {
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
  DescribeStacks: (deployment, parameters) => {
    const stacks = parameters.has('StackName') ? [stackOf(deployment, parameters)] : Object.entries(deployment);
    return { Stacks: stacks.map(([name, stack]) => describeStack(name, stack)) };
  },
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
  DescribeStackResources: (deployment, parameters) => {
    const [name, stack] = stackOf(deployment, parameters);
    const wanted = parameters.get('LogicalResourceId');
    return {
      StackResources: Object.entries(stack.resources)
        .filter(([logicalId]) => wanted === null || wanted === logicalId)
        .map(([logicalId, { type, ref, updatedAt }]) => ({
          StackName: name,
          StackId: stack.id,
          LogicalResourceId: logicalId,
          PhysicalResourceId: ref,
          ResourceType: type,
          Timestamp: updatedAt,
          ResourceStatus: 'CREATE_COMPLETE',
        })),
    };
  },
};

/** CloudFormation's view of what is deployed, to read only: the templates are deployed at start. */
export class CloudFormationService implements QueryService {
  readonly name = 'cloudformation';
  readonly xmlNamespace = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';
  readonly #deployment: () => Deployment;

  constructor(deployment: () => Deployment) {
    this.#deployment = deployment;
  }

  access(action: string, parameters: URLSearchParams): readonly AccessRequest[] {
    const stack = parameters.get('StackName') ?? '';
    const resource = stack.startsWith('arn:') ? stack : (this.#deployment()[stack]?.id ?? '*');
    return [{ action: `cloudformation:${action}`, resource }];
  }

  async call(action: string, parameters: URLSearchParams): Promise<JsonObject> {
    const operation = operations[action];
    if (operation === undefined) {
      const names = Object.keys(operations).join(' and ');
      throw new ServiceError(
        'InvalidAction',
        `The local runtime does not have cloudformation:${action}; it has ${names}.`,
      );
    }
    return operation(this.#deployment(), parameters);
  }
}

function stackOf(deployment: Deployment, parameters: URLSearchParams): [string, StackState] {
  const wanted = parameters.get('StackName') ?? '';
  const found = Object.entries(deployment).find(([name, { id }]) => name === wanted || id === wanted);
  if (found === undefined) throw new ServiceError('ValidationError', `Stack with id ${wanted} does not exist`);
  return found;
}

function describeStack(name: string, stack: StackState): JsonObject {
  return {
    StackId: stack.id,
    StackName: name,
    Description: stack.description,
    CreationTime: stack.createdAt,
    LastUpdatedTime: stack.updatedAt,
    StackStatus: stack.createdAt === stack.updatedAt ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE',
    DisableRollback: false,
    Tags: Object.entries(stack.tags).map(([Key, Value]) => ({ Key, Value })),
    Outputs: Object.entries(stack.outputs).map(([OutputKey, { value, description, exportName }]) => ({
      OutputKey,
      OutputValue: value,
      Description: description,
      ExportName: exportName,
    })),
  };
}
