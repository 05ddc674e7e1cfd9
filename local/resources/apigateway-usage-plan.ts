import type { ApiGatewayService } from '../services/apigateway/service.ts';
import { apiGatewayId } from './apigateway-id.ts';
import type { ResourceRequest, ResourceType } from './resource.ts';

interface ApiStage {
  readonly ApiId: string;
  readonly Stage: string;
  readonly Throttle?: object;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-usageplan.html */
export function apiGatewayUsagePlan(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::UsagePlan',
    implemented: ['ApiStages', 'Quota.Limit', 'Quota.Period', 'Throttle.BurstLimit', 'Throttle.RateLimit'],
    inert: { Description: 'text for people', Tags: 'nothing here reads tags', UsagePlanName: 'text for people' },
    check: problems,
    async create(request) {
      const { ApiStages: stages = [], Quota: quota, Throttle: throttle } = request.properties;
      const id = apiGatewayId(request, 6);
      service.apiKeys.addPlan(id, {
        stages: (stages as ApiStage[]).map(({ ApiId: apiId, Stage: stage }) => ({ apiId, stage })),
        throttle: throttle && {
          rate: Number(throttle.RateLimit ?? throttle.BurstLimit),
          burst: Number(throttle.BurstLimit ?? throttle.RateLimit),
        },
        requestsPerDay: quota && Number(quota.Limit),
      });
      return { ref: id, attributes: { Id: id } };
    },
  };
}

function problems({ ApiStages: stages = [], Quota: quota }: ResourceRequest['properties']): string[] {
  const limited = (stages as ApiStage[]).some(({ Throttle: throttle = {} }) => Object.keys(throttle).length > 0);
  return [
    ...(limited ? ['the limits of a single method in a usage plan are not known here'] : []),
    ...(quota && quota.Period !== 'DAY' ? [`a quota by ${quota.Period} is not known here: DAY only`] : []),
  ];
}
