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
import { budget } from './budgets-budget.ts';
import { cloudWatchAlarm, cloudWatchCompositeAlarm } from './cloudwatch-alarm.ts';
import { cloudWatchDashboard } from './cloudwatch-dashboard.ts';
import { logsMetricFilter } from './cloudwatch-metric-filter.ts';
import { awsCustomResource } from './custom-aws.ts';
import { dynamoDbGlobalTable, dynamoDbTable } from './dynamodb-table.ts';
import { ec2Network } from './ec2-network.ts';
import { glueDatabase } from './glue-database.ts';
import { glueJob } from './glue-job.ts';
import { glueTable } from './glue-table.ts';
import { iamPolicy } from './iam-policy.ts';
import { iamRole } from './iam-role.ts';
import { type ConnectParts, connector, customPlugin, workerConfiguration } from './kafkaconnect-connector.ts';
import { kinesisStream } from './kinesis-stream.ts';
import { lambdaEventSourceMapping } from './lambda-event-source-mapping.ts';
import { lambdaFunction } from './lambda-function.ts';
import { lambdaPermission } from './lambda-permission.ts';
import { logGroup } from './logs-log-group.ts';
import { mskCluster } from './msk-cluster.ts';
import { mskConfiguration } from './msk-configuration.ts';
import { mskTopic } from './msk-topic.ts';
import { publishAsset } from './publish-asset.ts';
import type { ResourceType } from './resource.ts';
import { snsTopicPolicy, sqsQueuePolicy } from './resource-policies.ts';
import { s3Bucket } from './s3-bucket.ts';
import { s3BucketPolicy } from './s3-bucket-policy.ts';
import { schedule, scheduleGroup } from './scheduler-schedule.ts';
import { snsTopic } from './sns-topic.ts';
import { sqsQueue } from './sqs-queue.ts';
import { stateMachine } from './stepfunctions-state-machine.ts';

/** Every CloudFormation type that the local runtime has. */
export function resourceTypes(services: Services, { region }: Target, assembly: Assembly): ResourceType[] {
  const {
    apiGateway,
    athena,
    authorizer,
    catalog,
    cloudWatch,
    dynamodb,
    glueJobs,
    identities,
    kafka,
    kafkaConnect,
    kinesis,
    lambda,
    logs,
    mappings,
    s3,
    scheduler,
    sns,
    sqs,
    states,
  } = services;
  // In the background: the first query waits for it, and is told why it does not start.
  const startQueryEngine = () => void services.queryEngine.get().catch(() => {});
  const asset = (key: string) => assembly.assets.get(key);
  const putResourcePolicy = authorizer.putResourcePolicy.bind(authorizer);
  const mskConfigurations = new Map();
  const connectParts: ConnectParts = { plugins: new Map(), workers: new Map() };
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
    budget(),
    cloudWatchAlarm(cloudWatch),
    cloudWatchCompositeAlarm(cloudWatch),
    cloudWatchDashboard(cloudWatch),
    dynamoDbGlobalTable(dynamodb),
    dynamoDbTable(dynamodb),
    glueDatabase(catalog),
    glueTable(catalog),
    iamPolicy(identities),
    iamRole(identities),
    connector(kafkaConnect, connectParts),
    customPlugin(kafkaConnect, connectParts, asset),
    workerConfiguration(kafkaConnect, connectParts),
    kinesisStream(kinesis),
    lambdaEventSourceMapping(mappings),
    lambdaFunction(lambda, asset),
    lambdaPermission(lambda),
    logGroup(logs),
    logsMetricFilter(logs, cloudWatch),
    mskCluster(kafka, mskConfigurations),
    mskConfiguration(mskConfigurations),
    mskTopic(kafka),
    s3Bucket(s3, region),
    s3BucketPolicy(putResourcePolicy),
    glueJob(glueJobs, (address) => publishAsset(address, asset, s3, identities.administrator)),
    schedule(scheduler),
    scheduleGroup,
    snsTopic(sns),
    snsTopicPolicy(putResourcePolicy),
    sqsQueue(sqs),
    sqsQueuePolicy((url) => sqs.arn(url.split('/').at(-1)!), putResourcePolicy),
    stateMachine(states),
    ...ec2Network(),
    ...[...customTypes(assembly)].map((type) => awsCustomResource(type, { kafka }, (arn) => lambda.role(arn))),
  ];
}

/** CDK's AwsCustomResource under the names that the templates give it. */
function customTypes({ stacks }: Assembly): Set<string> {
  const resources = stacks.flatMap(({ template }) => Object.values(template.Resources));
  const calls = resources.filter(
    ({ Type, Properties = {} }) => Type.startsWith('Custom::') && 'InstallLatestAwsSdk' in Properties,
  );
  return new Set(calls.map(({ Type }) => Type));
}
