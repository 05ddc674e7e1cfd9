import { type IResource, LambdaIntegration, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import { answerSchema, listSchema } from '../../model/serving/answer-schemas.ts';
import { answerHeaders, errors, parameters, type RoutePath, routes } from '../../model/serving/query-api.ts';
import type { ApiAccess } from './api-access.ts';
import { addPreflight } from './preflight.ts';
import { type Documented, documentMethod } from './route-documentation.ts';

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
  for (const [path, documented] of Object.entries(DOCUMENTED) as [RoutePath, Documented][]) {
    const route = routes[path];
    const resource: IResource = api.root.resourceForPath(path);
    const statuses = [200, 304, ...route.errors.map((error) => errors[error].status)];
    const method = resource.addMethod('GET', integration, {
      ...access.methodOptions,
      requestParameters: Object.fromEntries(
        route.parameters.map((name) => [`method.request.querystring.${name}`, false]),
      ),
      methodResponses: statuses.map((status) => ({ statusCode: String(status) })),
    });
    documentMethod(method, {
      ...documented,
      parameters: route.parameters.map((name) => {
        const { describe, schema } = parameters[name];
        return { name, in: 'query', description: describe, schema };
      }),
    });
    addPreflight(resource, ['GET']);
  }
}

const text = { type: 'string' };
const headersOf = (described: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(described).map(([name, description]) => [name, { description, schema: text }]));

const documented = (
  operationId: string,
  summary: string,
  schema: object,
  headers: Readonly<Record<string, string>>,
): Documented => ({
  operationId,
  summary,
  responses: {
    '200': {
      description: 'As JSON, or as CSV where the request says so',
      headers: headersOf(headers),
      content: { 'application/json': { schema }, 'text/csv': { schema: text } },
    },
    '304': { description: 'What If-None-Match names is still the same', headers: headersOf(headers) },
  },
});

const { ETag } = answerHeaders;

const DOCUMENTED: Readonly<Record<RoutePath, Documented>> = {
  '/metrics': documented('listMetrics', 'The metrics, with their dimensions', listSchema('metrics'), { ETag }),
  '/metrics/{metric-name}': documented(
    'readMetric',
    'Rows of a metric, by some or all of its dimensions',
    answerSchema,
    answerHeaders,
  ),
  '/questions': documented('listQuestions', 'The questions', listSchema('questions'), { ETag }),
  '/questions/{question-name}': documented('answerQuestion', 'The answer to a question', answerSchema, answerHeaders),
};
