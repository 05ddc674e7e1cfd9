import type { AwsIntegration } from 'aws-cdk-lib/aws-apigateway';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import type { ApiProfile } from '../profiles/index.ts';
import type { FeedStreams } from './feed-streams.ts';
import { kinesisIntegration } from './kinesis-integration.ts';
import { mappingTemplate } from './mapping-template.ts';

export interface KinesisDoorProps {
  readonly names: Names;
  readonly streams: FeedStreams;
  readonly clientStreams: ApiProfile['clientStreams'];
}

/** The calls of Kinesis that the API makes for its callers, and the role that may make them. */
export class KinesisDoor extends Construct {
  readonly role: Role;
  readonly listStreams: AwsIntegration;
  readonly describeStream: AwsIntegration;
  readonly putRecord: AwsIntegration;
  readonly putRecords: AwsIntegration;
  /** Undefined where the profile has no streams of clients. */
  readonly control: { readonly createStream: AwsIntegration; readonly deleteStream: AwsIntegration } | undefined;

  constructor(scope: Construct, id: string, { names, streams, clientStreams }: KinesisDoorProps) {
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
            ...(clientStreams ? controlStatements(this, clientStreams.namePrefix, names.streamPrefix) : []),
          ],
        }),
      },
    });
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'kinesis:ListStreams has no resource level; the answer is cut down to the streams of this deployment.',
    });

    const quoted = streams.names.map((name) => JSON.stringify(name)).join(', ');
    const streamList = streams.names.join(', ');
    const errorTemplate = (refusals: string) => mappingTemplate('kinesis-error.vtl', { streamNames: quoted, refusals });
    const ends = {
      role: this.role,
      error: errorTemplate(mappingTemplate('other-stream-refusal.vtl', { deployment: names.deployment, streamList })),
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
      request: mappingTemplate('stream-name.vtl'),
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
    if (!clientStreams) return;
    Validations.of(this.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kinesis:<AWS::Region>:<AWS::AccountId>:stream/${clientStreams.namePrefix}*]`,
      reason: `Callers choose the rest of the name; streams that begin with ${names.streamPrefix} are denied.`,
    });
    const controlEnds = {
      role: this.role,
      error: errorTemplate(
        mappingTemplate('control-refusal.vtl', {
          namePrefix: clientStreams.namePrefix,
          streamPrefix: names.streamPrefix,
        }),
      ),
    };
    this.control = {
      createStream: kinesisIntegration({
        ...controlEnds,
        action: 'CreateStream',
        request: mappingTemplate('create-stream.vtl'),
        response: mappingTemplate('create-stream-response.vtl', { streamList }),
      }),
      deleteStream: kinesisIntegration({
        ...controlEnds,
        action: 'DeleteStream',
        request: mappingTemplate('stream-name.vtl'),
        response: mappingTemplate('delete-stream-response.vtl'),
      }),
    };
  }
}

/** The denial stands whatever else is allowed, so that no caller can delete the deployment's own streams. */
function controlStatements(scope: Construct, namePrefix: string, ownPrefix: string): PolicyStatement[] {
  const beginningWith = (prefix: string) =>
    Stack.of(scope).formatArn({ service: 'kinesis', resource: 'stream', resourceName: `${prefix}*` });
  const control = ['kinesis:CreateStream', 'kinesis:DeleteStream'];
  return [
    new PolicyStatement({ actions: [...control, 'kinesis:DescribeStream'], resources: [beginningWith(namePrefix)] }),
    new PolicyStatement({ effect: Effect.DENY, actions: control, resources: [beginningWith(ownPrefix)] }),
  ];
}
