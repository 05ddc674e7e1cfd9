import type { ApiGatewayService } from '../services/apigateway/service.ts';
import { apiGatewayId } from './apigateway-id.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-restapi.html */
export function apiGatewayRestApi(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::RestApi',
    implemented: ['BinaryMediaTypes', 'Name'],
    inert: {
      Description: 'text for people',
      DisableExecuteApiEndpoint: 'there is no custom domain: the loopback port is the only endpoint',
      EndpointConfiguration: 'every endpoint is the loopback port',
      Tags: 'nothing here reads tags',
    },
    async create(request) {
      const id = apiGatewayId(request);
      const rootId = `${id.slice(1)}0`;
      service.addApi(id, rootId, request.properties['BinaryMediaTypes'], request.properties['Name']);
      return { ref: id, attributes: { RestApiId: id, RootResourceId: rootId } };
    },
  };
}
