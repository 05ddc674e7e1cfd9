import { PROFILES } from '../../lib/profiles/index.ts';
import { asText, type Properties, type StackName, synth } from './synth.ts';

/**
 * Resources that hold data, a position in a stream, or an address that others know, with the paths of properties whose change makes
 * CloudFormation put a new one in their place (`createOnlyProperties` of its schemas), and the name of an API.
 */
export const STATEFUL: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGateway::RestApi': ['Name'],
  'AWS::ApiGateway::Stage': ['RestApiId', 'StageName'],
  'AWS::Athena::WorkGroup': ['Name'],
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema', 'ImportSourceSpecification'],
  'AWS::Glue::Database': ['DatabaseName', 'DatabaseInput/Name'],
  'AWS::Glue::Table': ['DatabaseName', 'CatalogId', 'Name', 'TableInput/Name'],
  'AWS::Kinesis::Stream': ['Name'],
  'AWS::Lambda::EventSourceMapping': [
    'EventSourceArn',
    'StartingPosition',
    'StartingPositionTimestamp',
    'SelfManagedEventSource',
  ],
  'AWS::Lambda::Function': ['FunctionName', 'PackageType', 'TenancyConfig', 'DurableConfig'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::MSK::Cluster': [
    'ClusterName',
    'BrokerNodeGroupInfo/BrokerAZDistribution',
    'BrokerNodeGroupInfo/ClientSubnets',
    'BrokerNodeGroupInfo/SecurityGroups',
    'EncryptionInfo/EncryptionAtRest',
    'EncryptionInfo/EncryptionInTransit/InCluster',
  ],
  'AWS::MSK::Topic': ['ClusterArn', 'TopicName', 'ReplicationFactor'],
  'AWS::S3::Bucket': ['BucketName', 'BucketNamePrefix', 'BucketNamespace'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::StepFunctions::StateMachine': ['StateMachineName', 'StateMachineType'],
};

/** `<profile> <stack name> <logical id>` -> type, and the properties that must not change. */
export type Baseline = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function statefulResources(): Baseline {
  const found: Record<string, Record<string, string>> = {};
  for (const { name } of PROFILES) {
    const { stackNames, templates } = synth(name);
    for (const [capability, { Resources }] of Object.entries(templates)) {
      const stack = stackNames[capability as StackName];
      for (const [id, { Type, Properties }] of Object.entries(Resources)) {
        const fixed = (STATEFUL[Type] ?? []).filter((property) => at(Properties, property) !== undefined);
        if (!(Type in STATEFUL)) continue;
        found[`${name} ${stack} ${id}`] = {
          Type,
          ...Object.fromEntries(fixed.map((property) => [property, valueText(property, Properties)])),
        };
      }
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What would happen to a deployment that was made as `before` says. */
export function changes(before: Baseline, after: Baseline): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const [was, is] = [before[key], after[key]];
    if (!is) return [`${key} (${was!['Type']}) is gone: it would be deleted, or kept and no longer managed`];
    if (!was) return [`${key} (${is['Type']}) is new: nothing is lost`];
    return [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .filter((property) => was[property] !== is[property])
      .map((property) => {
        const values = `${property} was ${was[property] ?? 'absent'} and is ${is[property] ?? 'absent'}`;
        return `${key} (${was['Type']}) would be replaced or renamed: ${values}`;
      });
  });
}

/** The property at a path such as `TableInput/Name`. */
const at = (properties: Properties, path: string): unknown =>
  path.split('/').reduce((value: unknown, step) => (value as Properties | undefined)?.[step], properties);

function valueText(path: string, properties: Properties): string {
  const value = at(properties, path);
  if (path !== 'KeySchema') {
    if (typeof value !== 'object') return String(value);
    return 'Ref' in value! || 'Fn::Join' in value! || 'Fn::GetAtt' in value! ? asText(value) : JSON.stringify(value);
  }
  // Another type of a key is another key.
  return (value as Properties[])
    .map(({ AttributeName, KeyType }) => {
      const { AttributeType } = properties['AttributeDefinitions'].find(
        (a: Properties) => a['AttributeName'] === AttributeName,
      );
      return `${AttributeName} ${AttributeType} ${KeyType}`;
    })
    .join(', ');
}
