import { type IResource, LambdaIntegration, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { ApiAccess } from './api-access.ts';
import { addPreflight } from './preflight.ts';
import { type Documented, documentMethod } from './route-documentation.ts';

const LIST_PARAMETERS = ['format'];
const QUESTION_PARAMETERS = ['layer', ...LIST_PARAMETERS, 'limit', 'cursor'];
const METRIC_PARAMETERS = ['by', 'where', ...QUESTION_PARAMETERS];

/** `/metrics` and `/questions`. The function of the serving stack, known by its name, answers all. */
export function addQueryRoutes(api: RestApi, functionName: string, access: ApiAccess): void {
  const functionArn = Stack.of(api).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: functionName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const query = LambdaFunction.fromFunctionAttributes(access, 'Query', { functionArn, sameEnvironment: true });
  // One permission for the API instead of one for each method.
  const integration = new LambdaIntegration(query, { proxy: true, scopePermissionToMethod: false });
  const add = (
    resource: IResource,
    documented: Documented,
    parameters: readonly string[],
    statuses: readonly number[],
  ) => {
    const method = resource.addMethod('GET', integration, {
      ...access.methodOptions,
      requestParameters: Object.fromEntries(parameters.map((name) => [`method.request.querystring.${name}`, false])),
      methodResponses: [200, 304, ...statuses].map((status) => ({ statusCode: String(status) })),
    });
    documentMethod(method, documented);
    addPreflight(resource, ['GET']);
  };
  const metrics = api.root.addResource('metrics');
  const questions = api.root.addResource('questions');
  add(
    metrics,
    documented('listMetrics', 'The metrics, with their dimensions', list('metrics')),
    LIST_PARAMETERS,
    [400],
  );
  add(
    metrics.addResource('{metric-name}'),
    documented('readMetric', 'Rows of a metric, by some or all of its dimensions', ANSWER),
    METRIC_PARAMETERS,
    [400, 404, 410, 503],
  );
  add(questions, documented('listQuestions', 'The questions', list('questions')), LIST_PARAMETERS, [400]);
  add(
    questions.addResource('{question-name}'),
    documented('answerQuestion', 'The answer to a question', ANSWER),
    QUESTION_PARAMETERS,
    [400, 404, 410, 503],
  );
}

const texts = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
const arrayOf = (properties: object) => ({ type: 'array', items: { type: 'object', properties } });

const list = (name: string): object => ({
  type: 'object',
  required: [name],
  properties: { [name]: arrayOf(texts('name', 'describe')) },
});

const ANSWER = {
  type: 'object',
  required: ['name', 'layer', 'asOf', 'watermark', 'freshness', 'notes', 'rows'],
  properties: {
    ...texts('name', 'describe', 'asOf', 'run', 'next'),
    layer: { type: 'string', enum: ['live', 'batch'] },
    watermark: { type: ['string', 'null'] },
    freshness: { type: ['number', 'null'], description: 'Seconds since the watermark' },
    notes: arrayOf(texts('code', 'message')),
    rows: { type: 'array', items: { type: 'object' } },
  },
};

const documented = (operationId: string, summary: string, schema: object): Documented => ({
  operationId,
  summary,
  responses: {
    '200': {
      description: 'As JSON, or as CSV where the request says so',
      content: { 'application/json': { schema }, 'text/csv': { schema: { type: 'string' } } },
    },
  },
});
