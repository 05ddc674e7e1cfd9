import { type Policy, parsePolicy } from '../access/policy.ts';
import { policyProblems } from './policy-problems.ts';
import type { ResourceType } from './resource.ts';

type PutPolicy = (arn: string, policy: Policy | undefined) => void;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html */
export const snsTopicPolicy = (putPolicy: PutPolicy): ResourceType =>
  policyOf('AWS::SNS::TopicPolicy', 'Topics', (topicArn) => topicArn, putPolicy);

/**
 * @param arn of a queue, by its URL
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html
 */
export const sqsQueuePolicy = (arn: (url: string) => string, putPolicy: PutPolicy): ResourceType =>
  policyOf('AWS::SQS::QueuePolicy', 'Queues', arn, putPolicy);

function policyOf(type: string, list: string, arn: (one: string) => string, putPolicy: PutPolicy): ResourceType {
  return {
    type,
    implemented: [list, 'PolicyDocument'],
    inert: {},
    check: ({ PolicyDocument }) => policyProblems(PolicyDocument, 'resource policy'),
    async create({ properties, path, logicalId }) {
      const arns = (properties[list] as string[]).map(arn);
      for (const one of arns) putPolicy(one, parsePolicy(properties['PolicyDocument'], `policy ${path}`));
      return { ref: logicalId, attributes: { Arns: arns.join(',') } };
    },
    async remove({ attributes }) {
      for (const one of attributes['Arns']!.split(',')) putPolicy(one, undefined);
    },
  };
}
