import type { AwsIntegration } from 'aws-cdk-lib/aws-apigateway';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import type { FeedStreams } from './feed-streams.ts';
import { kinesisIntegration } from './kinesis-integration.ts';
import { mappingTemplate } from './mapping-template.ts';

export interface KinesisDoorProps {
  readonly names: Names;
  readonly streams: FeedStreams;
}

/** The calls of Kinesis that the API makes for its callers, and the role that may make them. */
export class KinesisDoor extends Construct {
  readonly role: Role;
  readonly listStreams: AwsIntegration;
  readonly describeStream: AwsIntegration;
  readonly putRecord: AwsIntegration;
  readonly putRecords: AwsIntegration;

  constructor(scope: Construct, id: string, { names, streams }: KinesisDoorProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      description: 'API Gateway on its way to the streams',
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      inlinePolicies: {
        Kinesis: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['kinesis:PutRecord', 'kinesis:PutRecords', 'kinesis:DescribeStream'],
              resources: streams.arns,
            }),
            new PolicyStatement({ actions: ['kinesis:ListStreams'], resources: ['*'] }),
          ],
        }),
      },
    });
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'kinesis:ListStreams has no resource level; the answer is cut down to the streams of this deployment.',
    });

    const quoted = streams.names.map((name) => JSON.stringify(name)).join(', ');
    const ends = {
      role: this.role,
      error: mappingTemplate('kinesis-error.vtl', {
        deployment: names.deployment,
        streamNames: quoted,
        streamList: streams.names.join(', '),
      }),
    };
    this.listStreams = kinesisIntegration({
      ...ends,
      action: 'ListStreams',
      request: mappingTemplate('list-streams.vtl', { streamPrefix: names.streamPrefix }),
      response: mappingTemplate('list-streams-response.vtl', { streamNames: quoted }),
    });
    this.describeStream = kinesisIntegration({
      ...ends,
      action: 'DescribeStream',
      request: mappingTemplate('describe-stream.vtl'),
      response: mappingTemplate('kinesis-response.vtl'),
    });
    this.putRecord = kinesisIntegration({
      ...ends,
      action: 'PutRecord',
      request: mappingTemplate('put-record.vtl'),
      response: mappingTemplate('kinesis-response.vtl'),
    });
    this.putRecords = kinesisIntegration({
      ...ends,
      action: 'PutRecords',
      request: mappingTemplate('put-records.vtl'),
      response: mappingTemplate('put-records-response.vtl'),
    });
  }
}
