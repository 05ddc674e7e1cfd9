import type { Target } from '../../template/scope.ts';
import type { Resource } from './resources.ts';

/** What the picture of the pipeline shows of a type. */
interface Kind {
  /** As people call it. */
  readonly title: string;
  /** What policies name it by. */
  arn(resource: Resource, target: Target): string;
  name(resource: Resource): string;
  /** The role that acts for it. @default - none */
  role?(properties: Resource['properties']): unknown;
}

const byRef = ({ ref }: Resource): string => ref;
const byArn = ({ attributes, ref }: Resource): string => attributes['Arn'] ?? ref;
const afterLast =
  (separator: string) =>
  ({ ref }: Resource): string =>
    ref.slice(ref.lastIndexOf(separator) + 1);
const property =
  (...names: readonly string[]) =>
  (properties: Resource['properties']) =>
    names.reduce<unknown>((value, name) => (value as Resource['properties'] | undefined)?.[name], properties);

/** Types that are drawn. What moves or keeps records, and what starts that. */
export const kinds: Readonly<Record<string, Kind>> = {
  'AWS::ApiGateway::RestApi': {
    title: 'API',
    arn: ({ ref }, { region }) => `arn:aws:apigateway:${region}::/restapis/${ref}`,
    name: ({ properties, ref }) => String(properties['Name'] ?? ref),
  },
  'AWS::Kinesis::Stream': { title: 'Stream', arn: byArn, name: byRef },
  'AWS::MSK::Topic': { title: 'Topic', arn: byRef, name: afterLast('/') },
  'AWS::Lambda::Function': { title: 'Function', arn: byArn, name: byRef, role: property('Role') },
  'AWS::DynamoDB::Table': { title: 'Table', arn: byArn, name: byRef },
  'AWS::DynamoDB::GlobalTable': { title: 'Table', arn: byArn, name: byRef },
  'AWS::S3::Bucket': { title: 'Bucket', arn: ({ ref }) => `arn:aws:s3:::${ref}`, name: byRef },
  'AWS::KafkaConnect::Connector': {
    title: 'Connector',
    arn: byRef,
    name: ({ properties }) => String(properties['ConnectorName']),
    role: property('ServiceExecutionRoleArn'),
  },
  'AWS::StepFunctions::StateMachine': {
    title: 'State machine',
    arn: byArn,
    name: afterLast(':'),
    role: property('RoleArn'),
  },
  'AWS::Glue::Job': {
    title: 'Job',
    arn: ({ ref }, { account, region }) => `arn:aws:glue:${region}:${account}:job/${ref}`,
    name: byRef,
    role: property('Role'),
  },
  'AWS::Glue::Database': {
    title: 'Lake tables',
    arn: ({ ref }, { account, region }) => `arn:aws:glue:${region}:${account}:table/${ref}/*`,
    name: byRef,
  },
  'AWS::Athena::WorkGroup': {
    title: 'Athena',
    arn: ({ ref }, { account, region }) => `arn:aws:athena:${region}:${account}:workgroup/${ref}`,
    name: byRef,
  },
  'AWS::Scheduler::Schedule': {
    title: 'Schedule',
    arn: byArn,
    name: byRef,
    role: property('Target', 'RoleArn'),
  },
  'AWS::SQS::Queue': { title: 'Queue', arn: byArn, name: afterLast('/') },
  'AWS::SNS::Topic': { title: 'Notices', arn: byRef, name: afterLast(':') },
};
