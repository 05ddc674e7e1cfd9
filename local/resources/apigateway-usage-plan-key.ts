import type { ApiGatewayService } from '../services/apigateway/service.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-usageplankey.html */
export function apiGatewayUsagePlanKey(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::UsagePlanKey',
    implemented: ['KeyId', 'UsagePlanId'],
    inert: { KeyType: 'API_KEY is the only one there is' },
    async create({ properties, path }) {
      const { KeyId: keyId, UsagePlanId: planId } = properties;
      service.apiKeys.addKeyToPlan(keyId, planId, path);
      return { ref: `${keyId}:${planId}`, attributes: { Id: `${keyId}:${planId}` } };
    },
  };
}
