import type { Resource } from '../topology/resources.ts';

/** Who reads a topic as a consumer group, whose lag the cluster tells. */
export interface GroupOfTopic {
  readonly reader: Resource;
  readonly group: string;
  readonly topic: string;
}

/** Those of connectors, and of event source mappings of functions. */
export function groupsOfTopics(resources: readonly Resource[]): GroupOfTopic[] {
  return resources.flatMap((resource): GroupOfTopic[] => {
    const { type, properties } = resource;
    if (type === 'AWS::KafkaConnect::Connector') {
      const { topics = '' } = (properties['ConnectorConfiguration'] ?? {}) as { readonly topics?: string };
      const group = `connect-${properties['ConnectorName']}`;
      return topics.split(',').flatMap((topic) => (topic === '' ? [] : [{ reader: resource, group, topic }]));
    }
    if (type !== 'AWS::Lambda::EventSourceMapping') return [];
    const { ConsumerGroupId: group } = (properties['AmazonManagedKafkaEventSourceConfig'] ?? {}) as {
      readonly ConsumerGroupId?: string;
    };
    const named = String(properties['FunctionName']);
    const reader = resources.find(
      (one) => one.type === 'AWS::Lambda::Function' && [one.ref, one.attributes['Arn']].includes(named),
    );
    if (group === undefined || reader === undefined) return [];
    return ((properties['Topics'] ?? []) as readonly string[]).map((topic) => ({ reader, group, topic }));
  });
}
