import type { Services } from '../services.ts';
import type { Assembly } from '../template/assembly.ts';
import type { Target } from '../template/scope.ts';
import { apiGatewayAccount } from './apigateway-account.ts';
import { apiGatewayApiKey } from './apigateway-api-key.ts';
import { apiGatewayDeployment } from './apigateway-deployment.ts';
import { apiGatewayGatewayResponse } from './apigateway-gateway-response.ts';
import { apiGatewayMethod } from './apigateway-method.ts';
import { apiGatewayModel } from './apigateway-model.ts';
import { apiGatewayRequestValidator } from './apigateway-request-validator.ts';
import { apiGatewayResource } from './apigateway-resource.ts';
import { apiGatewayRestApi } from './apigateway-rest-api.ts';
import { apiGatewayStage } from './apigateway-stage.ts';
import { apiGatewayUsagePlan } from './apigateway-usage-plan.ts';
import { apiGatewayUsagePlanKey } from './apigateway-usage-plan-key.ts';
import { athenaNamedQuery } from './athena-named-query.ts';
import { athenaWorkGroup } from './athena-workgroup.ts';
import { dynamoDbGlobalTable, dynamoDbTable } from './dynamodb-table.ts';
import { glueDatabase } from './glue-database.ts';
import { glueTable } from './glue-table.ts';
import { iamPolicy } from './iam-policy.ts';
import { iamRole } from './iam-role.ts';
import { kinesisStream } from './kinesis-stream.ts';
import { lambdaEventSourceMapping } from './lambda-event-source-mapping.ts';
import { lambdaFunction } from './lambda-function.ts';
import { logGroup } from './logs-log-group.ts';
import type { ResourceType } from './resource.ts';
import { s3Bucket } from './s3-bucket.ts';
import { s3BucketPolicy } from './s3-bucket-policy.ts';

/** Every CloudFormation type that the local runtime has. */
export function resourceTypes(services: Services, { region }: Target, assembly: Assembly): ResourceType[] {
  const { apiGateway, athena, authorizer, catalog, dynamodb, identities, kinesis, lambda, logs, mappings, s3 } =
    services;
  // In the background: the first query waits for it, and is told why it does not start.
  const startQueryEngine = () => void services.queryEngine.get().catch(() => {});
  return [
    apiGatewayAccount(),
    apiGatewayApiKey(apiGateway),
    apiGatewayDeployment(apiGateway),
    apiGatewayGatewayResponse(apiGateway),
    apiGatewayMethod(apiGateway),
    apiGatewayModel(apiGateway),
    apiGatewayRequestValidator(apiGateway),
    apiGatewayResource(apiGateway),
    apiGatewayRestApi(apiGateway),
    apiGatewayStage(apiGateway),
    apiGatewayUsagePlan(apiGateway),
    apiGatewayUsagePlanKey(apiGateway),
    athenaNamedQuery(athena),
    athenaWorkGroup(athena, startQueryEngine),
    dynamoDbGlobalTable(dynamodb),
    dynamoDbTable(dynamodb),
    glueDatabase(catalog),
    glueTable(catalog),
    iamPolicy(identities),
    iamRole(identities),
    kinesisStream(kinesis),
    lambdaEventSourceMapping(mappings),
    lambdaFunction(lambda, (key) => assembly.assets.get(key)),
    logGroup(logs),
    s3Bucket(s3, region),
    s3BucketPolicy((arn, policy) => authorizer.putResourcePolicy(arn, policy)),
  ];
}
