import type { SnsService } from '../services/sns/service.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html */
export function snsTopic(sns: SnsService): ResourceType {
  return {
    type: 'AWS::SNS::Topic',
    implemented: ['TopicName'],
    inert: {
      DisplayName: 'the sender of e-mails, which are not sent here',
      KmsMasterKeyId: 'messages are kept in a plain file below the state directory',
      Tags: 'nothing here reads tags',
    },
    async create({ properties, generatedName }) {
      const name = String(properties['TopicName'] ?? generatedName(256));
      return { ref: sns.putTopic(name), attributes: { TopicArn: sns.putTopic(name), TopicName: name } };
    },
    remove: async ({ ref }) => sns.removeTopic(ref),
  };
}
