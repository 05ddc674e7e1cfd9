import type { CfnMethod, CfnRestApi, Method, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { exampleRows, wireSchemas } from '../../model/compile/wire-schemas.ts';

/**
 * What templates say of an API beyond its routes, as parts of an OpenAPI 3.1 document under this key of a resource's
 * Metadata: `{info, schemas}` on the API, an operation on a method.
 */
const METADATA_KEY = 'OpenApi';

/** An operation of OpenAPI: what cannot be read from the method itself. */
export interface Documented {
  readonly operationId: string;
  readonly summary: string;
  readonly requestBody?: object;
  /** By status, those of errors apart. */
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: object }>>;
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

/** The same operation by another method. */
export const by = (verb: string, documented: Documented): Documented => ({
  ...documented,
  operationId: `${documented.operationId}By${verb}`,
});
