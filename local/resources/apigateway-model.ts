import type { ApiGatewayService } from '../services/apigateway/service.ts';
import { Model } from '../services/apigateway/validation.ts';
import { apiGatewayId } from './apigateway-id.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-model.html */
export function apiGatewayModel(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::Model',
    implemented: ['Name', 'RestApiId', 'Schema'],
    inert: { ContentType: "a method's RequestModels says for which content type", Description: 'text for people' },
    async create(request) {
      const { RestApiId: apiId, Name: name = apiGatewayId(request), Schema: schema } = request.properties;
      service.api(apiId, request.path).models.set(name, new Model(schema, request.path));
      return { ref: name, attributes: {} };
    },
  };
}
