import {
  AccessLogFormat,
  AuthorizationType,
  EndpointType,
  type JsonSchema,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  type MethodOptions,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { recordRequest, recordsRequest } from '../../model/compile/request-models.ts';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';
import type { FeedStreams } from './feed-streams.ts';
import { addGatewayResponses } from './gateway-responses.ts';
import { KinesisDoor } from './kinesis-door.ts';
import { KINESIS_METHOD_RESPONSES } from './kinesis-integration.ts';
import { addPreflight } from './preflight.ts';

export interface StreamsApiProps {
  readonly names: Names;
  readonly profile: Profile;
  readonly streams: FeedStreams;
}

const STAGE = 'prod';
/** Kinesis takes 5 ListStreams and 10 DescribeStream a second for a whole account. */
const LIST_PER_SECOND = 5;
const DESCRIBE_PER_SECOND = 10;

/** A failed call with its reason, without the rows it carried. */
const EXECUTION_LOGS: MethodDeploymentOptions = { loggingLevel: MethodLoggingLevel.ERROR, dataTraceEnabled: false };

/** All settings of a method: it takes none from those of the stage. */
const limitedTo = (perSecond: number): MethodDeploymentOptions => ({
  ...EXECUTION_LOGS,
  throttlingRateLimit: perSecond,
  throttlingBurstLimit: perSecond,
});

/** `/streams` and what is below it. The routes and answers are those of the public Kinesis proxy; errors have their true status. */
export class StreamsApi extends Construct {
  readonly restApi: RestApi;
  readonly accessLogs: LogGroup;

  constructor(scope: Construct, id: string, { names, profile, streams }: StreamsApiProps) {
    super(scope, id);
    const logs = { retention: profile.logRetention, removalPolicy: RemovalPolicy.DESTROY };
    this.accessLogs = new LogGroup(this, 'AccessLogs', { logGroupName: names.logGroups.apiAccess, ...logs });
    const { throttle } = profile.api;
    this.restApi = new RestApi(this, 'RestApi', {
      restApiName: names.api,
      description: `Streams of the Pinflow deployment ${names.deployment}`,
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: profile.api.ownsAccountRole,
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: throttle.requestsPerSecond,
        throttlingBurstLimit: throttle.burst,
        ...EXECUTION_LOGS,
        accessLogDestination: new LogGroupLogDestination(this.accessLogs),
        accessLogFormat: ACCESS_LOG_LINE,
        methodOptions: {
          '/streams/GET': limitedTo(LIST_PER_SECOND),
          '/streams/{stream-name}/GET': limitedTo(DESCRIBE_PER_SECOND),
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

    addGatewayResponses(this.restApi);
    this.addRoutes(new KinesisDoor(this, 'Door', { names, streams }), profile);
    this.acknowledge(profile);
  }

  private addRoutes(door: KinesisDoor, profile: Profile): void {
    const api = this.restApi;
    const everyMethod: MethodOptions = {
      authorizationType: profile.api.auth === 'iam' ? AuthorizationType.IAM : AuthorizationType.NONE,
      requestValidator: api.addRequestValidator('Validator', {
        validateRequestBody: true,
        validateRequestParameters: true,
      }),
      methodResponses: KINESIS_METHOD_RESPONSES,
    };
    const model = (id: string, schema: object) => ({
      'application/json': api.addModel(id, { contentType: 'application/json', schema: schema as JsonSchema }),
    });

    const streams = api.root.addResource('streams');
    const stream = streams.addResource('{stream-name}');
    const record = stream.addResource('record');
    const records = stream.addResource('records');
    const ofStream = { ...everyMethod, requestParameters: { 'method.request.path.stream-name': true } };

    streams.addMethod('GET', door.listStreams, {
      ...everyMethod,
      requestParameters: {
        'method.request.querystring.ExclusiveStartStreamName': false,
        'method.request.querystring.Limit': false,
      },
    });
    stream.addMethod('GET', door.describeStream, ofStream);
    const recordOptions = { ...ofStream, requestModels: model('RecordRequest', recordRequest) };
    const recordsOptions = { ...ofStream, requestModels: model('RecordsRequest', recordsRequest) };
    for (const verb of ['PUT', 'POST']) {
      record.addMethod(verb, door.putRecord, recordOptions);
      records.addMethod(verb, door.putRecords, recordsOptions);
    }
    for (const resource of [api.root, streams, stream, record, records]) addPreflight(resource);
  }

  private acknowledge(profile: Profile): void {
    const open = profile.api.auth === 'none';
    if (open) {
      Validations.of(this).addWarning(
        'pinflow:openApi',
        `Profile ${profile.name} has auth none: whoever has the API's URL can write to the streams and read their names.`,
      );
    }
    for (const method of this.restApi.methods.filter(({ httpMethod }) => httpMethod !== 'OPTIONS')) {
      const rules = Validations.of(method);
      rules.acknowledge({
        id: 'AwsSolutions-COG4',
        reason: 'Callers are programs: there is no pool of people to sign in.',
      });
      if (open) {
        rules.acknowledge({
          id: 'AwsSolutions-APIG4',
          reason: `Profile ${profile.name} serves the public emulators, which send no credentials; the synthesis warns of it.`,
        });
      }
    }
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
