import {
  AccessLogFormat,
  EndpointType,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';
import { ApiAccess } from './api-access.ts';
import type { FeedStreams } from './feed-streams.ts';
import { addGatewayResponses } from './gateway-responses.ts';
import { KinesisDoor } from './kinesis-door.ts';
import { addQueryRoutes } from './query-routes.ts';
import { documentApi } from './route-documentation.ts';
import { STAGE } from './stage.ts';
import { addStreamRoutes } from './stream-routes.ts';
import { addTopicRoutes, KAFKA_MEDIA_TYPES } from './topic-routes.ts';

export interface StreamsApiProps {
  readonly names: Names;
  readonly profile: Profile;
  readonly streams: FeedStreams;
  /** @default - no topics door */
  readonly kafkaRest?: IFunction;
}

/** Kinesis takes 5 of each a second for a whole account, but 10 DescribeStream. */
const CONTROL_PER_SECOND = 5;
const DESCRIBE_PER_SECOND = 10;

/** A failed call with its reason, without the rows it carried. */
const EXECUTION_LOGS: MethodDeploymentOptions = { loggingLevel: MethodLoggingLevel.ERROR, dataTraceEnabled: false };

/** All settings of a method: it takes none from those of the stage. */
const limitedTo = (perSecond: number): MethodDeploymentOptions => ({
  ...EXECUTION_LOGS,
  throttlingRateLimit: perSecond,
  throttlingBurstLimit: perSecond,
});

/** `/streams` and what is below it, and the topics door where there is one. The routes and answers are those of the public Kinesis proxy; errors have their true status. */
export class StreamsApi extends Construct {
  readonly restApi: RestApi;
  readonly accessLogs: LogGroup;
  readonly access: ApiAccess;

  constructor(scope: Construct, id: string, { names, profile, streams, kafkaRest }: StreamsApiProps) {
    super(scope, id);
    const logs = { retention: profile.logRetention, removalPolicy: RemovalPolicy.DESTROY };
    this.accessLogs = new LogGroup(this, 'AccessLogs', { logGroupName: names.logGroups.apiAccess, ...logs });
    const { throttle, clientStreams, auth } = profile.api;
    this.restApi = new RestApi(this, 'RestApi', {
      restApiName: names.api,
      description: `Streams of the Pinflow deployment ${names.deployment}`,
      endpointTypes: [EndpointType.REGIONAL],
      ...(kafkaRest && { binaryMediaTypes: [...KAFKA_MEDIA_TYPES] }),
      cloudWatchRole: profile.api.ownsAccountRole,
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: throttle.requestsPerSecond,
        throttlingBurstLimit: throttle.burst,
        ...EXECUTION_LOGS,
        accessLogDestination: new LogGroupLogDestination(this.accessLogs),
        accessLogFormat: ACCESS_LOG_LINE,
        methodOptions: {
          '/streams/GET': limitedTo(CONTROL_PER_SECOND),
          '/streams/{stream-name}/GET': limitedTo(DESCRIBE_PER_SECOND),
          ...(clientStreams && {
            '/streams/{stream-name}/POST': limitedTo(CONTROL_PER_SECOND),
            '/streams/{stream-name}/DELETE': limitedTo(CONTROL_PER_SECOND),
          }),
        },
      },
    });
    // CDK's own output of the URL, which says no more than ours.
    this.restApi.node.tryRemoveChild('Endpoint');
    // API Gateway would make this group itself at the first error, and keep its lines for ever.
    const executionLogs = new LogGroup(this, 'ExecutionLogs', {
      logGroupName: `API-Gateway-Execution-Logs_${this.restApi.restApiId}/${STAGE}`,
      ...logs,
    });
    this.restApi.deploymentStage.node.addDependency(executionLogs);

    addGatewayResponses(this.restApi, auth, { control: Boolean(clientStreams), topics: Boolean(kafkaRest) });
    documentApi(this.restApi, `Pinflow: streams of the deployment ${names.deployment}`);
    this.access = new ApiAccess(this, 'Access', { api: this.restApi, profile: profile.api, names });
    addStreamRoutes(this.restApi, new KinesisDoor(this, 'Door', { names, streams, clientStreams }), this.access);
    if (kafkaRest) addTopicRoutes(this.restApi, kafkaRest, this.access);
    addQueryRoutes(this.restApi, names.queryFunction, this.access);
    this.access.acknowledge(profile.name);
    this.acknowledge();
  }

  private acknowledge(): void {
    Validations.of(this.restApi.deploymentStage).acknowledge({
      id: 'AwsSolutions-APIG3',
      reason:
        'A web ACL costs more a month than the rest of an idle deployment; throttling bounds what a caller can do.',
    });
    const accountRole = this.restApi.node.tryFindChild('CloudWatchRole');
    if (accountRole) {
      Validations.of(accountRole).acknowledge({
        id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
        reason:
          'The role is of the account, not of this API: API Gateway wants exactly this policy, for log groups of every API.',
      });
    }
  }
}

const ACCESS_LOG_LINE = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    time: '$context.requestTimeEpoch',
    ip: '$context.identity.sourceIp',
    caller: '$context.identity.userArn',
    apiKeyId: '$context.identity.apiKeyId',
    method: '$context.httpMethod',
    path: '$context.path',
    route: '$context.resourcePath',
    status: '$context.status',
    integrationStatus: '$context.integration.status',
    latencyMs: '$context.responseLatency',
    integrationLatencyMs: '$context.integration.latency',
    responseBytes: '$context.responseLength',
    error: '$context.error.responseType',
  }),
);
