import { CfnOutput } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { KafkaStacks } from '../broker/broker-stack.ts';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';
import { FeedStreams } from './feed-streams.ts';
import { KafkaRestFunction } from './kafka-rest-function.ts';
import { StreamsApi } from './streams-api.ts';

export interface IngestStackProps extends Deployment {
  /** @default - no topics door */
  readonly kafka?: KafkaStacks;
}

/** The doors: an HTTP API in front of a Kinesis stream for each feed. */
export class IngestStack extends PinflowStack {
  readonly streams: FeedStreams;
  readonly api: StreamsApi;
  /** Undefined without the batch path. */
  readonly kafkaRest: KafkaRestFunction | undefined;

  constructor(scope: Construct, props: IngestStackProps) {
    super(scope, 'ingest', props, { description: 'Pinflow: the API and its streams' });
    const { names, profile } = this;
    this.streams = new FeedStreams(this, 'Streams', { names, profile, removalPolicy: this.dataRemoval });
    this.kafkaRest = props.kafka && new KafkaRestFunction(this, 'KafkaRest', { names, profile, kafka: props.kafka });
    this.api = new StreamsApi(this, 'Api', {
      names,
      profile,
      streams: this.streams,
      ...(this.kafkaRest && { kafkaRest: this.kafkaRest.function }),
    });

    new CfnOutput(this, 'ApiUrl', {
      value: this.api.restApi.url,
      description: 'Invoke URL: PUT streams/{stream-name}/record and …/records, GET streams',
    });
    new CfnOutput(this, 'StreamNames', {
      value: this.streams.names.join(','),
      description: 'The streams of this deployment, one for each feed',
    });
    if (this.api.access.apiKey) {
      new CfnOutput(this, 'ApiKeyId', {
        value: this.api.access.apiKey.keyId,
        description: 'Its value: aws apigateway get-api-key --api-key <id> --include-value --query value --output text',
      });
    }
    if (profile.api.auth === 'iam') {
      new CfnOutput(this, 'ApiInvokeArn', {
        value: this.api.restApi.arnForExecuteApi('*', '/streams*', this.api.restApi.deploymentStage.stageName),
        description: 'The resource that a sender may execute-api:Invoke by its IAM policy',
      });
    }
    new CfnOutput(this, 'ApiAccessLogs', {
      value: this.api.accessLogs.logGroupName,
      description: 'One JSON line for each request to the API',
    });
  }
}
