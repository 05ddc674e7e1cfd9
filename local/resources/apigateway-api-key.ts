import type { ApiGatewayService } from '../services/apigateway/service.ts';
import { apiGatewayId } from './apigateway-id.ts';
import type { ResourceType } from './resource.ts';

const VALUE_LENGTH = 40;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-apikey.html */
export function apiGatewayApiKey(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::ApiKey',
    implemented: ['Enabled', 'Name'],
    inert: { Description: 'text for people', Tags: 'nothing here reads tags' },
    async create(request) {
      const { Name: name, Enabled: enabled = false } = request.properties;
      const id = apiGatewayId(request);
      const value = apiGatewayId({ ...request, logicalId: `${request.logicalId}/value` }, VALUE_LENGTH);
      service.apiKeys.addKey({ id, name: name ?? request.generatedName(), value, enabled: String(enabled) === 'true' });
      return { ref: id, attributes: { APIKeyId: id } };
    },
  };
}
