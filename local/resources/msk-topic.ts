import { parseProperties } from '../engines/jvm.ts';
import type { KafkaService } from '../services/kafka/service.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-msk-topic.html */
export function mskTopic(kafka: KafkaService): ResourceType {
  return {
    type: 'AWS::MSK::Topic',
    implemented: ['ClusterArn', 'Configs', 'PartitionCount', 'TopicName'],
    inert: { ReplicationFactor: 'there is one broker here' },
    async create({ properties }) {
      const configs = Buffer.from(String(properties['Configs'] ?? ''), 'base64').toString();
      const arn = await kafka.putTopic({
        name: String(properties['TopicName']),
        partitions: Number(properties['PartitionCount']),
        configs: parseProperties(configs),
      });
      return { ref: arn, attributes: { TopicArn: arn } };
    },
  };
}
