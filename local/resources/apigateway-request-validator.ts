import type { ApiGatewayService } from '../services/apigateway/service.ts';
import { apiGatewayId } from './apigateway-id.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-requestvalidator.html */
export function apiGatewayRequestValidator(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::RequestValidator',
    implemented: ['RestApiId', 'ValidateRequestBody', 'ValidateRequestParameters'],
    inert: { Name: 'methods name it by its id' },
    async create(request) {
      const { RestApiId: apiId, ValidateRequestBody: body, ValidateRequestParameters: parameters } = request.properties;
      const id = apiGatewayId(request, 6);
      const validator = { body: String(body) === 'true', parameters: String(parameters) === 'true' };
      service.api(apiId, request.path).validators.set(id, validator);
      return { ref: id, attributes: { RequestValidatorId: id } };
    },
  };
}
