import type { RoleDirectory } from '../access/identities.ts';
import type { ApiGatewayService } from '../services/apigateway/service.ts';
import type { DynamoDbService } from '../services/dynamodb/service.ts';
import type { KinesisService } from '../services/kinesis/service.ts';
import type { LogsService } from '../services/logs/service.ts';
import { apiGatewayAccount } from './apigateway-account.ts';
import { apiGatewayDeployment } from './apigateway-deployment.ts';
import { apiGatewayGatewayResponse } from './apigateway-gateway-response.ts';
import { apiGatewayMethod } from './apigateway-method.ts';
import { apiGatewayModel } from './apigateway-model.ts';
import { apiGatewayRequestValidator } from './apigateway-request-validator.ts';
import { apiGatewayResource } from './apigateway-resource.ts';
import { apiGatewayRestApi } from './apigateway-rest-api.ts';
import { apiGatewayStage } from './apigateway-stage.ts';
import { dynamoDbGlobalTable, dynamoDbTable } from './dynamodb-table.ts';
import { iamPolicy } from './iam-policy.ts';
import { iamRole } from './iam-role.ts';
import { kinesisStream } from './kinesis-stream.ts';
import { logGroup } from './logs-log-group.ts';
import type { ResourceType } from './resource.ts';

/** What the resource types act on. */
export interface Services {
  readonly identities: RoleDirectory;
  readonly kinesis: KinesisService;
  readonly dynamodb: DynamoDbService;
  readonly logs: LogsService;
  readonly apiGateway: ApiGatewayService;
}

/** Every CloudFormation type that the local runtime has. */
export function resourceTypes({ identities, kinesis, dynamodb, logs, apiGateway }: Services): ResourceType[] {
  return [
    apiGatewayAccount(),
    apiGatewayDeployment(apiGateway),
    apiGatewayGatewayResponse(apiGateway),
    apiGatewayMethod(apiGateway),
    apiGatewayModel(apiGateway),
    apiGatewayRequestValidator(apiGateway),
    apiGatewayResource(apiGateway),
    apiGatewayRestApi(apiGateway),
    apiGatewayStage(apiGateway),
    dynamoDbGlobalTable(dynamodb),
    dynamoDbTable(dynamodb),
    iamPolicy(identities),
    iamRole(identities),
    kinesisStream(kinesis),
    logGroup(logs),
  ];
}
