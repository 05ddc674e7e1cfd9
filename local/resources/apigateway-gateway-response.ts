import type { ApiGatewayService } from '../services/apigateway/service.ts';
import { apiGatewayId } from './apigateway-id.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-gatewayresponse.html */
export function apiGatewayGatewayResponse(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::GatewayResponse',
    implemented: ['ResponseParameters', 'ResponseTemplates', 'ResponseType', 'RestApiId', 'StatusCode'],
    inert: {},
    async create(request) {
      const api = service.api(request.properties['RestApiId'], request.path);
      api.gatewayResponses = api.gatewayResponses.with(request.properties, request.path);
      const id = apiGatewayId(request);
      return { ref: id, attributes: { Id: id } };
    },
  };
}
