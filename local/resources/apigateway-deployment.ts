import type { ApiGatewayService } from '../services/apigateway/service.ts';
import { apiGatewayId } from './apigateway-id.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-deployment.html */
export function apiGatewayDeployment(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::Deployment',
    implemented: ['RestApiId'],
    inert: { Description: 'text for people' },
    async create(request) {
      const id = apiGatewayId(request, 6);
      service.deploy(request.properties['RestApiId'], id, request.path);
      return { ref: id, attributes: { DeploymentId: id } };
    },
  };
}
