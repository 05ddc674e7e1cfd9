import { PROFILES } from '../../lib/profiles/index.ts';
import { asText, type Properties, synth } from './synth.ts';

/**
 * Resources that hold data, a position in a stream, or an address that others know, with the properties whose change makes
 * CloudFormation put a new one in their place (`createOnlyProperties` of its schemas), and the name of an API.
 */
export const STATEFUL: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGateway::RestApi': ['Name'],
  'AWS::ApiGateway::Stage': ['RestApiId', 'StageName'],
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema', 'ImportSourceSpecification'],
  'AWS::Kinesis::Stream': ['Name'],
  'AWS::Lambda::EventSourceMapping': [
    'EventSourceArn',
    'StartingPosition',
    'StartingPositionTimestamp',
    'SelfManagedEventSource',
  ],
  'AWS::Lambda::Function': ['FunctionName', 'PackageType', 'TenancyConfig', 'DurableConfig'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::S3::Bucket': ['BucketName', 'BucketNamePrefix', 'BucketNamespace'],
};

/** `<profile> <stack name> <logical id>` -> type, and the properties that must not change. */
export type Baseline = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function statefulResources(): Baseline {
  const found: Record<string, Record<string, string>> = {};
  for (const { name } of PROFILES) {
    const { stacks, templates } = synth(name);
    for (const [capability, { Resources }] of Object.entries(templates)) {
      const stack = stacks[capability as keyof typeof stacks].stackName;
      for (const [id, { Type, Properties }] of Object.entries(Resources)) {
        const fixed = (STATEFUL[Type] ?? []).filter((property) => Properties[property] !== undefined);
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

function valueText(property: string, properties: Properties): string {
  const value = properties[property];
  if (property !== 'KeySchema')
    return typeof value === 'object' && Array.isArray(value) ? JSON.stringify(value) : asText(value);
  // Another type of a key is another key.
  return value
    .map(({ AttributeName, KeyType }: Properties) => {
      const { AttributeType } = properties['AttributeDefinitions'].find(
        (a: Properties) => a['AttributeName'] === AttributeName,
      );
      return `${AttributeName} ${AttributeType} ${KeyType}`;
    })
    .join(', ');
}
