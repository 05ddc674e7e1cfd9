import { isDeepStrictEqual } from 'node:util';
import type { DynamoDbService } from '../services/dynamodb/service.ts';
import type { TableDescription } from '../services/dynamodb/store.ts';
import type { DeployedResource, ResourceRequest, ResourceType } from './resource.ts';

/** A table exists with other keys or indexes than its template says. */
export class TableChangeError extends Error {
  constructor(path: string, table: string, what: string) {
    super(
      `${path}: ${what} of the table ${table} differ from those it was created with. Tables are not changed here: ` +
        'set them back, or clear the local state with `npm run reset`.',
    );
    this.name = 'TableChangeError';
  }
}

const INERT = {
  SSESpecification: 'items are kept in plain files below the state directory',
  Tags: 'nothing here reads tags',
  PointInTimeRecoverySpecification: 'there are no backups here',
  DeletionProtectionEnabled: 'tables are deleted by `npm run reset` only',
  ContributorInsightsSpecification: 'key statistics are not collected',
  TableClass: 'a price class',
} as const;

const SHAPE = ['TableName', 'KeySchema', 'AttributeDefinitions', 'BillingMode', 'LocalSecondaryIndexes'];
/** What a table may get or lose at any time. */
const CHANGEABLE = [
  'StreamSpecification.StreamViewType',
  'TimeToLiveSpecification.AttributeName',
  'TimeToLiveSpecification.Enabled',
];

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html */
export function dynamoDbTable(dynamodb: DynamoDbService): ResourceType {
  return {
    type: 'AWS::DynamoDB::Table',
    implemented: [...SHAPE, ...CHANGEABLE, 'GlobalSecondaryIndexes', 'ProvisionedThroughput'],
    inert: INERT,
    create: (request) => createTable(dynamodb, request, request.properties['GlobalSecondaryIndexes']),
  };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html */
export function dynamoDbGlobalTable(dynamodb: DynamoDbService): ResourceType {
  const index = (name: string) => `GlobalSecondaryIndexes.*.${name}`;
  return {
    type: 'AWS::DynamoDB::GlobalTable',
    implemented: [...SHAPE, ...CHANGEABLE, ...['IndexName', 'KeySchema', 'Projection'].map(index), 'Replicas.*.Region'],
    inert: {
      SSESpecification: INERT.SSESpecification,
      ...Object.fromEntries(Object.entries(INERT).map(([name, reason]) => [`Replicas.*.${name}`, reason])),
      WriteOnDemandThroughputSettings: 'a spending limit',
    },
    check: ({ Replicas }) =>
      Array.isArray(Replicas) && Replicas.length > 1
        ? [`has ${Replicas.length} replicas; there is one region here, so remove the others`]
        : [],
    create: (request) => createTable(dynamodb, request, request.properties['GlobalSecondaryIndexes']),
  };
}

async function createTable(
  dynamodb: DynamoDbService,
  { properties, path, generatedName }: ResourceRequest,
  globalIndexes: unknown,
): Promise<DeployedResource> {
  const name: string = properties['TableName'] ?? generatedName(255);
  const wanted = {
    TableName: name,
    KeySchema: properties['KeySchema'],
    AttributeDefinitions: properties['AttributeDefinitions'],
    BillingMode: properties['BillingMode'] ?? 'PROVISIONED',
    ...(properties['ProvisionedThroughput'] && {
      ProvisionedThroughput: numbers(properties['ProvisionedThroughput']),
    }),
    ...(properties['LocalSecondaryIndexes'] && { LocalSecondaryIndexes: properties['LocalSecondaryIndexes'] }),
    ...(Array.isArray(globalIndexes) &&
      globalIndexes.length > 0 && {
        GlobalSecondaryIndexes: globalIndexes.map(({ ProvisionedThroughput: throughput, ...index }) => ({
          ...index,
          ...(throughput && { ProvisionedThroughput: numbers(throughput) }),
        })),
      }),
  };
  const existing = await dynamodb.find(name);
  if (existing !== undefined) refuseChanges(existing, wanted, path);
  if (existing === undefined) await dynamodb.createTable(wanted);
  const { StreamSpecification, TimeToLiveSpecification } = properties;
  // CloudFormation hands over booleans as strings too.
  const expires = String(TimeToLiveSpecification?.Enabled ?? false) === 'true';
  dynamodb.timeToLive.put(name, expires ? TimeToLiveSpecification.AttributeName : undefined);
  const table = await dynamodb.streams.put(name, StreamSpecification?.StreamViewType);
  const { TableArn, TableId, LatestStreamArn } = table;
  return { ref: name, attributes: { Arn: TableArn, TableId, ...(LatestStreamArn && { StreamArn: LatestStreamArn }) } };
}

const numbers = (throughput: Record<string, unknown>): Record<string, number> =>
  Object.fromEntries(Object.entries(throughput).map(([name, value]) => [name, Number(value)]));

type Wanted = Pick<TableDescription, 'KeySchema' | 'AttributeDefinitions'> &
  Partial<Pick<TableDescription, 'GlobalSecondaryIndexes' | 'LocalSecondaryIndexes'>>;

function refuseChanges(existing: TableDescription, wanted: Wanted, path: string): void {
  const indexes = (list: TableDescription['GlobalSecondaryIndexes']) =>
    sorted(list?.map(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection })));
  const aspects: readonly [string, unknown, unknown][] = [
    ['the keys', existing.KeySchema, wanted.KeySchema],
    ['the attribute definitions', sorted(existing.AttributeDefinitions), sorted(wanted.AttributeDefinitions)],
    ['the global indexes', indexes(existing.GlobalSecondaryIndexes), indexes(wanted.GlobalSecondaryIndexes)],
    ['the local indexes', indexes(existing.LocalSecondaryIndexes), indexes(wanted.LocalSecondaryIndexes)],
  ];
  for (const [what, is, should] of aspects) {
    if (!isDeepStrictEqual(plain(is), plain(should))) throw new TableChangeError(path, existing.TableName, what);
  }
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const sorted = (list: readonly unknown[] | undefined): string[] =>
  (list ?? []).map((one) => JSON.stringify(Object.fromEntries(Object.entries(one as object).sort()))).sort();
