/**
 * What API Gateway checks of a door's body before its mapping template runs (JSON Schema draft 4). Presence only:
 * the template looks into the values, because it can name the field and the element that is wrong.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
 */
const draft4 = 'http://json-schema.org/draft-04/schema#';

/** `PUT|POST /streams/{name}/record`. */
export const recordRequest = {
  $schema: draft4,
  title: 'RecordRequest',
  type: 'object',
  required: ['Data', 'PartitionKey'],
};

/** `PUT|POST /streams/{name}/records`: `records` or `Records`, told apart by the template. */
export const recordsRequest = {
  $schema: draft4,
  title: 'RecordsRequest',
  type: 'object',
};

/** `POST /streams/{name}`. The body may be missing. */
export const createRequest = {
  $schema: draft4,
  title: 'CreateRequest',
  type: ['object', 'null'],
};
