import { apiGatewayId } from './apigateway-id.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-account.html */
export function apiGatewayAccount(): ResourceType {
  return {
    type: 'AWS::ApiGateway::Account',
    implemented: [],
    inert: { CloudWatchRoleArn: 'the runtime writes access logs itself' },
    async create(request) {
      const id = apiGatewayId(request);
      return { ref: id, attributes: { Id: id } };
    },
  };
}
