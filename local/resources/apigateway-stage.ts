import type { ApiGatewayService } from '../services/apigateway/service.ts';
import type { StageProperties } from '../services/apigateway/stage.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-stage.html */
export function apiGatewayStage(service: ApiGatewayService): ResourceType {
  return {
    type: 'AWS::ApiGateway::Stage',
    implemented: [
      'AccessLogSetting.DestinationArn',
      'AccessLogSetting.Format',
      'DeploymentId',
      'MethodSettings.*.HttpMethod',
      'MethodSettings.*.ResourcePath',
      'MethodSettings.*.ThrottlingBurstLimit',
      'MethodSettings.*.ThrottlingRateLimit',
      'RestApiId',
      'StageName',
      'Variables',
    ],
    inert: {
      Description: 'text for people',
      'MethodSettings.*.DataTraceEnabled': 'what fails is told on standard error in full',
      'MethodSettings.*.LoggingLevel': 'what fails is told on standard error in full',
      'MethodSettings.*.MetricsEnabled': 'no metrics of API Gateway are kept here',
      Tags: 'nothing here reads tags',
      TracingEnabled: 'there is no X-Ray here',
    },
    async create({ properties, path }) {
      service.serve(properties as unknown as StageProperties, properties['DeploymentId'], path);
      return { ref: properties['StageName'], attributes: {} };
    },
  };
}
