import { type LambdaService, nameOf } from '../services/lambda/service.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html */
export function lambdaPermission(lambda: Pick<LambdaService, 'arn' | 'permissions'>): ResourceType {
  return {
    type: 'AWS::Lambda::Permission',
    implemented: ['Action', 'FunctionName', 'Principal', 'SourceAccount', 'SourceArn'],
    inert: {},
    check: ({ Principal, Action }) => [
      ...(typeof Principal === 'string' && !/\.amazonaws\.com$/.test(Principal)
        ? [`has the principal ${Principal}; only services are known here`]
        : []),
      ...(Action === 'lambda:InvokeFunction' ? [] : [`has the action ${Action}; only lambda:InvokeFunction is known`]),
    ],
    async create({ properties, stack, logicalId }) {
      const id = `${stack}/${logicalId}`;
      const { SourceArn: sourceArn, SourceAccount: sourceAccount } = properties;
      lambda.permissions.put(id, {
        functionArn: lambda.arn(nameOf(String(properties['FunctionName']))),
        action: properties['Action'],
        service: properties['Principal'],
        ...(sourceArn !== undefined && { sourceArn }),
        ...(sourceAccount !== undefined && { sourceAccount }),
      });
      return { ref: id, attributes: { Id: id } };
    },
    async remove({ ref }) {
      lambda.permissions.remove(ref);
    },
  };
}
