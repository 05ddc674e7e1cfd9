import type { ApiGatewayService } from '../services/apigateway/service.ts';
import { apiGatewayId } from './apigateway-id.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-resource.html */
export function apiGatewayResource(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::Resource',
    implemented: ['ParentId', 'PathPart', 'RestApiId'],
    inert: {},
    async create(request) {
      const { RestApiId: apiId, ParentId: parentId, PathPart: part } = request.properties;
      const id = apiGatewayId(request, 6);
      service.api(apiId, request.path).addResource(id, parentId, part);
      return { ref: id, attributes: { ResourceId: id } };
    },
  };
}
