import type { SqsService } from '../services/sqs/service.ts';
import type { ResourceType } from './resource.ts';

const DEFAULT_VISIBILITY_SECONDS = 30;
const DEFAULT_RETENTION_SECONDS = 345_600;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html */
export function sqsQueue(sqs: SqsService): ResourceType {
  return {
    type: 'AWS::SQS::Queue',
    implemented: ['MessageRetentionPeriod', 'QueueName', 'VisibilityTimeout'],
    inert: {
      KmsMasterKeyId: 'messages are kept in a plain file below the state directory',
      SqsManagedSseEnabled: 'messages are kept in a plain file below the state directory',
      Tags: 'nothing here reads tags',
    },
    async create({ properties, generatedName }) {
      const name = String(properties['QueueName'] ?? generatedName(80));
      sqs.putQueue(name, {
        visibilitySeconds: Number(properties['VisibilityTimeout'] ?? DEFAULT_VISIBILITY_SECONDS),
        retentionSeconds: Number(properties['MessageRetentionPeriod'] ?? DEFAULT_RETENTION_SECONDS),
      });
      const url = sqs.url(name);
      return { ref: url, attributes: { Arn: sqs.arn(name), QueueName: name, QueueUrl: url } };
    },
    remove: async ({ attributes }) => sqs.removeQueue(attributes['QueueName']!),
  };
}
