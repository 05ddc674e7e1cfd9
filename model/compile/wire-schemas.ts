import { feeds } from '../feeds/index.ts';
import { type Feed, type FeedName, feedNames, type SourceRule, sources } from '../rules/rule.ts';

/** JSON Schema of the draft that OpenAPI 3.1 has, 2020-12. */
export type Schema = Readonly<Record<string, unknown>>;

/** One post, as a sender has it: a row for each feed. */
export const exampleRows: Readonly<Record<FeedName, Readonly<Record<string, unknown>>>> = {
  pin: {
    index: 7528,
    unique_id: 'fbe53c66-3442-4773-b19e-d3ec6f54dddf',
    title: 'Pack light for a week in Lisbon',
    description: 'What fits into one bag',
    follower_count: '437k',
    poster_name: 'Abigail Ali',
    tag_list: 'Travel,Lisbon',
    is_image_or_video: 'image',
    image_src: 'https://i.pinimg.example/originals/fb/fbe53c66.jpg',
    save_location: 'Local save in /data/travel',
    category: 'travel',
    downloaded: 1,
  },
  geo: { ind: 7528, country: 'Portugal', latitude: 38.7223, longitude: -9.1393, timestamp: '2020-08-28T03:52:47' },
  user: { ind: 7528, first_name: 'Abigail', last_name: 'Ali', age: 20, date_joined: '2015-10-24T11:23:51' },
};

/** The rows and bodies of the streams door, by the names of their components. */
export const wireSchemas: Readonly<Record<string, Schema>> = {
  ...Object.fromEntries(feedNames.map((feed) => [rowSchemaName(feed), rowSchema(feeds[feed])])),
  Data: {
    description:
      "A row, several of them in an array, or either as JSON text, in Base64 or not. The path's stream says of which feed. What is no row of it is accepted here and quarantined.",
    anyOf: [
      ...feedNames.map((feed) => ({ $ref: `#/components/schemas/${rowSchemaName(feed)}` })),
      { type: 'array' },
      { type: 'string' },
    ],
  },
  PartitionKey: { type: 'string', minLength: 1, maxLength: 256 },
  RecordRequest: {
    type: 'object',
    required: ['Data', 'PartitionKey'],
    properties: {
      StreamName: { type: 'string', description: 'Ignored: the path decides the stream.' },
      Data: { $ref: '#/components/schemas/Data' },
      PartitionKey: { $ref: '#/components/schemas/PartitionKey' },
    },
  },
  RecordsRequest: {
    description: 'At most 500 records, in either spelling.',
    anyOf: [recordList('records', 'data', 'partition-key'), recordList('Records', 'Data', 'PartitionKey')],
  },
  CreateRequest: {
    type: 'object',
    properties: { ShardCount: { type: 'integer', minimum: 1, maximum: 10, default: 1 } },
  },
  RecordResult: {
    type: 'object',
    required: ['SequenceNumber', 'ShardId'],
    properties: { SequenceNumber: { type: 'string' }, ShardId: { type: 'string' } },
  },
  RecordsResult: {
    type: 'object',
    required: ['FailedRecordCount', 'Records'],
    properties: {
      FailedRecordCount: { type: 'integer' },
      Records: {
        type: 'array',
        description: 'In the order of the request.',
        items: {
          anyOf: [
            { $ref: '#/components/schemas/RecordResult' },
            {
              type: 'object',
              required: ['ErrorCode', 'ErrorMessage'],
              properties: { ErrorCode: { type: 'string' }, ErrorMessage: { type: 'string' } },
            },
          ],
        },
      },
    },
  },
  StreamNames: {
    type: 'object',
    required: ['StreamNames', 'HasMoreStreams'],
    properties: { StreamNames: { type: 'array', items: { type: 'string' } }, HasMoreStreams: { type: 'boolean' } },
  },
  StreamDescription: {
    type: 'object',
    required: ['StreamDescription'],
    properties: { StreamDescription: { type: 'object', description: "As Kinesis' DescribeStream answers." } },
  },
  StreamChange: {
    type: 'object',
    required: ['StreamName', 'message'],
    properties: { StreamName: { type: 'string' }, message: { type: 'string' } },
  },
  Error: {
    type: 'object',
    required: ['__type', 'message'],
    properties: {
      __type: { type: 'string', description: 'The kind of error, as AWS names it.' },
      message: { type: 'string', description: 'What is wrong, naming the field or record where it can.' },
      parameter: { type: 'string', description: 'Of answers: the parameter that is wrong.' },
      allowed: { type: ['array', 'string'], items: { type: 'string' }, description: 'What it takes.' },
      names: { type: 'array', items: { type: 'string' }, description: 'Of answers: the names there are.' },
    },
  },
};

function rowSchemaName(feed: FeedName): string {
  return `${feed[0]!.toUpperCase()}${feed.slice(1)}Row`;
}

function recordList(list: string, data: string, key: string): Schema {
  return {
    type: 'object',
    required: [list],
    properties: {
      [list]: {
        type: 'array',
        minItems: 1,
        maxItems: 500,
        items: {
          type: 'object',
          required: [data, key],
          properties: {
            [data]: { $ref: '#/components/schemas/Data' },
            [key]: { $ref: '#/components/schemas/PartitionKey' },
          },
        },
      },
    },
  };
}

function rowSchema({ name, key, columns }: Feed): Schema {
  const rules = columns.flatMap(({ rule }) => sources(rule));
  return {
    type: 'object',
    description: `A row of the ${name} feed. Other columns are ignored.`,
    required: [key],
    properties: {
      [key]: { type: ['integer', 'string'], description: "The post's number." },
      ...Object.fromEntries(rules.map((rule) => [rule.from, columnSchema(rule)])),
    },
    examples: [exampleRows[name]],
  };
}

function columnSchema(rule: SourceRule): Schema {
  switch (rule.kind) {
    case 'text':
      return { type: ['string', 'null'] };
    case 'count': {
      const suffixes = Object.keys(rule.suffixes).join(', ');
      return { type: ['integer', 'string', 'null'], description: `A whole number, also with a suffix: ${suffixes}.` };
    }
    case 'integer':
      return { type: ['integer', 'string', 'null'], description: `A whole number from ${rule.min} to ${rule.max}.` };
    case 'number':
      return { type: ['number', 'string', 'null'], description: `A number from ${rule.min} to ${rule.max}.` };
    case 'timestamp':
      return { type: ['string', 'null'], description: `UTC, as ${rule.formats.join(' or ')}.` };
  }
}
