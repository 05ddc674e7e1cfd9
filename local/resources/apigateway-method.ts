import { readMethod } from '../services/apigateway/method.ts';
import type { ApiGatewayService } from '../services/apigateway/service.ts';
import type { ResourceRequest, ResourceType } from './resource.ts';

/**
 * Compiles the mapping templates: what the engine does not know stops the deploy here.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-method.html
 */
export function apiGatewayMethod(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::Method',
    implemented: [
      'ApiKeyRequired',
      'AuthorizationType',
      'HttpMethod',
      'Integration.Credentials',
      'Integration.IntegrationHttpMethod',
      'Integration.IntegrationResponses.*.ResponseParameters',
      'Integration.IntegrationResponses.*.ResponseTemplates',
      'Integration.IntegrationResponses.*.SelectionPattern',
      'Integration.IntegrationResponses.*.StatusCode',
      'Integration.PassthroughBehavior',
      'Integration.RequestParameters',
      'Integration.RequestTemplates',
      'Integration.TimeoutInMillis',
      'Integration.Type',
      'Integration.Uri',
      'MethodResponses.*.ResponseParameters',
      'MethodResponses.*.StatusCode',
      'RequestModels',
      'RequestParameters',
      'RequestValidatorId',
      'ResourceId',
      'RestApiId',
    ],
    inert: {
      'MethodResponses.*.ResponseModels': 'API Gateway does not validate responses; models are for generated clients',
      OperationName: 'text for generated clients',
    },
    async create({ properties, path, logicalId }) {
      const api = service.api(properties['RestApiId'], path);
      const route = api.pathOf(properties['ResourceId'], path);
      api.addMethod(
        readMethod(properties as Parameters<typeof readMethod>[0] & ResourceRequest['properties'], route, path),
      );
      return { ref: logicalId, attributes: {} };
    },
  };
}
