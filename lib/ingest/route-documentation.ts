import type { CfnMethod, CfnRestApi, Method, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { exampleRows, wireSchemas } from '../../model/compile/wire-schemas.ts';
import type { FeedName } from '../../model/rules/rule.ts';

/**
 * What templates say of an API beyond its routes, as parts of an OpenAPI 3.1 document under this key of a resource's
 * Metadata: `{info, schemas}` on the API, an operation on a method.
 */
const METADATA_KEY = 'OpenApi';

/** An operation of OpenAPI: what cannot be read from the method itself. */
export interface Documented {
  readonly operationId: string;
  readonly summary: string;
  /** Of the method's own, those of which more is to be said than that they are texts. */
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
  /** By status, those of errors apart. */
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly headers?: object; readonly content?: object }>
  >;
}

export function documentApi(api: RestApi, title: string): void {
  const resource = api.node.defaultChild as CfnRestApi;
  resource.addMetadata(METADATA_KEY, { title, schemas: wireSchemas });
}

export function documentMethod(method: Method, documented: Documented): void {
  (method.node.defaultChild as CfnMethod).addMetadata(METADATA_KEY, documented);
}

const json = (schema: string, more: object = {}) => ({
  'application/json': { schema: { $ref: `#/components/schemas/${schema}` }, ...more },
});

const answer = (description: string, schema: string) => ({ description, content: json(schema) });

const ofEachRow = (value: (row: object) => object): object =>
  Object.fromEntries(Object.entries(exampleRows).map(([feed, row]) => [feed, { value: value(row) }]));

export const LIST_STREAMS: Documented = {
  operationId: 'listStreams',
  summary: "Names of the deployment's own streams",
  responses: { '200': answer('The names, in alphabetical order', 'StreamNames') },
};

export const DESCRIBE_STREAM: Documented = {
  operationId: 'describeStream',
  summary: 'Status and shards of a stream',
  responses: { '200': answer('The stream', 'StreamDescription') },
};

export const PUT_RECORD: Documented = {
  operationId: 'putRecord',
  summary: 'Writes one record',
  requestBody: {
    required: true,
    content: json('RecordRequest', {
      examples: ofEachRow((row) => ({ Data: row, PartitionKey: 'partition-1' })),
    }),
  },
  responses: { '200': answer('Written', 'RecordResult') },
};

export const PUT_RECORDS: Documented = {
  operationId: 'putRecords',
  summary: 'Writes up to 500 records',
  requestBody: {
    required: true,
    content: json('RecordsRequest', {
      examples: ofEachRow((row) => ({ records: [{ data: row, 'partition-key': 'partition-1' }] })),
    }),
  },
  responses: {
    '200': answer('All are written', 'RecordsResult'),
    '207': answer('Some are not written: send those again', 'RecordsResult'),
  },
};

export const CREATE_STREAM: Documented = {
  operationId: 'createStream',
  summary: 'Creates a stream that nothing reads',
  requestBody: { required: false, content: json('CreateRequest', { example: { ShardCount: 1 } }) },
  responses: { '200': answer('It is being created', 'StreamChange') },
};

export const DELETE_STREAM: Documented = {
  operationId: 'deleteStream',
  summary: 'Deletes a stream that a caller created',
  responses: { '200': answer('It is being deleted', 'StreamChange') },
};

const KAFKA_JSON = 'application/vnd.kafka.json.v2+json';

const kafkaAnswer = (description: string, schema: object) => ({
  description,
  content: { 'application/vnd.kafka.v2+json': { schema } },
});

export const LIST_TOPICS: Documented = {
  operationId: 'listTopics',
  summary: "Names of the deployment's own topics",
  responses: { '200': kafkaAnswer('The names', { type: 'array', items: { type: 'string' } }) },
};

export const DESCRIBE_TOPIC: Documented = {
  operationId: 'describeTopic',
  summary: 'Partitions of a topic',
  responses: { '200': kafkaAnswer('The topic', { type: 'object' }) },
};

export const PRODUCE: Documented = {
  operationId: 'produce',
  summary: "Writes up to 500 records, as Confluent's REST proxy does",
  requestBody: {
    required: true,
    content: {
      [KAFKA_JSON]: {
        schema: {
          type: 'object',
          required: ['records'],
          properties: {
            records: {
              type: 'array',
              minItems: 1,
              maxItems: 500,
              items: {
                type: 'object',
                required: ['value'],
                properties: {
                  value: { $ref: '#/components/schemas/Data' },
                  key: {},
                  partition: { type: 'integer', minimum: 0 },
                },
              },
            },
          },
        },
        examples: ofEachRow((row) => ({ records: [{ value: row }] })),
      },
    },
  },
  responses: { '200': kafkaAnswer('Where each record is, or why it is not written', { type: 'object' }) },
};

export const CONSUME: Documented = {
  operationId: 'consume',
  summary: "The consumers of Confluent's REST proxy, which are not here: the answer tells where to read",
  responses: { '501': kafkaAnswer('Read with a Kafka client, or what landed in the raw bucket', { type: 'object' }) },
};

/** The oldest door: a route for each feed, which takes one bare row. */
export const postRow = (feed: FeedName): Documented => ({
  operationId: `post${feed[0]!.toUpperCase()}${feed.slice(1)}`,
  summary: `Writes one row of ${feed} to its topic`,
  requestBody: {
    required: true,
    content: { 'application/json': { schema: { type: 'object' }, example: exampleRows[feed] } },
  },
  responses: {
    '200': { description: 'Written: the row', content: { 'application/json': { schema: { type: 'object' } } } },
  },
});

/** The same operation by another method. */
export const by = (verb: string, documented: Documented): Documented => ({
  ...documented,
  operationId: `${documented.operationId}By${verb}`,
});
