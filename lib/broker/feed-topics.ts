import { CfnTopic } from 'aws-cdk-lib/aws-msk';
import type { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import type { Names } from '../names.ts';
import type { TopicsProfile } from '../profiles/index.ts';

export interface FeedTopicsProps {
  readonly names: Names;
  readonly settings: TopicsProfile;
  readonly clusterArn: string;
  readonly removalPolicy: RemovalPolicy;
}

const HOUR_MS = 3_600_000;

/** One topic for each feed. */
export class FeedTopics extends Construct {
  readonly names: readonly string[];

  constructor(scope: Construct, id: string, { names, settings, clusterArn, removalPolicy }: FeedTopicsProps) {
    super(scope, id);
    this.names = feedNames.map((feed) => names.topics[feed]);
    const configs = topicConfigs(settings);
    for (const feed of feedNames) {
      const topic = new CfnTopic(this, feed, {
        clusterArn,
        topicName: names.topics[feed],
        partitionCount: settings.partitions,
        replicationFactor: settings.replication,
        configs,
      });
      topic.applyRemovalPolicy(removalPolicy);
    }
  }
}

/** Properties as `AWS::MSK::Topic` takes them: their text in base64. */
function topicConfigs(settings: TopicsProfile): string {
  const properties = {
    // A record's timestamp is its arrival, by which order keys, dates and watermarks go.
    'message.timestamp.type': 'LogAppendTime',
    'retention.ms': settings.retentionHours * HOUR_MS,
    'min.insync.replicas': settings.minInSyncReplicas,
    'cleanup.policy': 'delete',
  };
  const text = Object.entries(properties)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
  return Buffer.from(text).toString('base64');
}
