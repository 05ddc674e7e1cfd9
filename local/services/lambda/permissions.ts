import { decide, type Policy, parsePolicy } from '../../access/policy.ts';

/** One statement of a function's policy: `AWS::Lambda::Permission`. */
export interface FunctionPermission {
  readonly functionArn: string;
  readonly action: string;
  /** A service, such as `apigateway.amazonaws.com`. */
  readonly service: string;
  /** With wildcards. @default - any resource of the service */
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
}

/**
 * Who may call a function by its own policy rather than by a role.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
 */
export class FunctionPermissions {
  readonly #statements = new Map<string, Policy>();

  /** Declares a statement; one of the same id is replaced. */
  put(id: string, { functionArn, action, service, sourceArn, sourceAccount }: FunctionPermission): void {
    const conditions = {
      ...(sourceArn !== undefined && { ArnLike: { 'aws:SourceArn': sourceArn } }),
      ...(sourceAccount !== undefined && { StringEquals: { 'aws:SourceAccount': sourceAccount } }),
    };
    const statement = {
      Effect: 'Allow',
      Principal: { Service: service },
      Action: action,
      Resource: functionArn,
      Condition: conditions,
    };
    this.#statements.set(id, parsePolicy({ Statement: [statement] }, `permission ${id}`));
  }

  remove(id: string): void {
    this.#statements.delete(id);
  }

  /** Whether a service may invoke the function on behalf of one of its resources. */
  allow(functionArn: string, service: string, sourceArn: string): boolean {
    const account = sourceArn.split(':')[4]!;
    const question = {
      principal: { id: service, kind: 'Service', account },
      action: 'lambda:InvokeFunction',
      resource: functionArn,
      context: new Map([
        ['aws:sourcearn', [sourceArn]],
        ['aws:sourceaccount', [account]],
      ]),
    } as const;
    return decide(question, this.#statements.values()) === 'allow';
  }
}
