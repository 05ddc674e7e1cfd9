import type { AwsIntegration, IResource, JsonSchema, MethodOptions, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { createRequest, recordRequest, recordsRequest } from '../../model/compile/request-models.ts';
import type { ApiAccess } from './api-access.ts';
import type { KinesisDoor } from './kinesis-door.ts';
import { methodResponses } from './kinesis-integration.ts';
import { addPreflight } from './preflight.ts';
import {
  by,
  CREATE_STREAM,
  DELETE_STREAM,
  DESCRIBE_STREAM,
  type Documented,
  documentMethod,
  LIST_STREAMS,
  PUT_RECORD,
  PUT_RECORDS,
} from './route-documentation.ts';

/** `/streams`, and a preflight for every resource. */
export function addStreamRoutes(api: RestApi, door: KinesisDoor, access: ApiAccess): void {
  const requestValidator = api.addRequestValidator('Validator', {
    validateRequestBody: true,
    validateRequestParameters: true,
  });
  const model = (id: string, schema: object) => ({
    'application/json': api.addModel(id, { contentType: 'application/json', schema: schema as JsonSchema }),
  });
  const add = (
    resource: IResource,
    verb: string,
    integration: AwsIntegration,
    documented: Documented,
    options: MethodOptions,
  ) =>
    documentMethod(
      resource.addMethod(verb, integration, { ...access.methodOptions, requestValidator, ...options }),
      documented,
    );

  const streams = api.root.addResource('streams');
  const stream = streams.addResource('{stream-name}');
  const record = stream.addResource('record');
  const records = stream.addResource('records');
  const requestParameters = { 'method.request.path.stream-name': true };

  add(streams, 'GET', door.listStreams, LIST_STREAMS, {
    methodResponses: methodResponses(),
    requestParameters: {
      'method.request.querystring.ExclusiveStartStreamName': false,
      'method.request.querystring.Limit': false,
    },
  });
  add(stream, 'GET', door.describeStream, DESCRIBE_STREAM, { requestParameters, methodResponses: methodResponses() });
  const recordOptions = {
    requestParameters,
    requestModels: model('RecordRequest', recordRequest),
    methodResponses: methodResponses(413),
  };
  const recordsOptions = {
    requestParameters,
    requestModels: model('RecordsRequest', recordsRequest),
    methodResponses: methodResponses(207, 413),
  };
  add(record, 'PUT', door.putRecord, PUT_RECORD, recordOptions);
  add(record, 'POST', door.putRecord, by('Post', PUT_RECORD), recordOptions);
  add(records, 'PUT', door.putRecords, PUT_RECORDS, recordsOptions);
  add(records, 'POST', door.putRecords, by('Post', PUT_RECORDS), recordsOptions);
  if (door.control) {
    const controlOptions = { requestParameters, methodResponses: methodResponses(403, 409) };
    add(stream, 'POST', door.control.createStream, CREATE_STREAM, {
      ...controlOptions,
      requestModels: model('CreateRequest', createRequest),
    });
    add(stream, 'DELETE', door.control.deleteStream, DELETE_STREAM, controlOptions);
  }

  const writes = ['PUT', 'POST'];
  addPreflight(api.root, []);
  addPreflight(streams, ['GET']);
  addPreflight(stream, door.control ? ['GET', 'POST', 'DELETE'] : ['GET']);
  addPreflight(record, writes);
  addPreflight(records, writes);
}
