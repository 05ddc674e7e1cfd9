import { AuthorizationType, type IResource, MockIntegration, PassthroughBehavior } from 'aws-cdk-lib/aws-apigateway';
import { asResponseParameters, corsPreflight } from './cors.ts';

/** Answers a CORS preflight request for a route: 204, without a look at the caller. */
export function addPreflight(resource: IResource, methods: readonly string[]): void {
  const headers = corsPreflight(methods);
  const declared = Object.fromEntries(Object.keys(headers).map((name) => [name, true]));
  resource.addMethod(
    'OPTIONS',
    new MockIntegration({
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestTemplates: { 'application/json': '{"statusCode": 204}' },
      integrationResponses: [{ statusCode: '204', responseParameters: asResponseParameters(headers) }],
    }),
    {
      authorizationType: AuthorizationType.NONE,
      apiKeyRequired: false,
      methodResponses: [{ statusCode: '204', responseParameters: asResponseParameters(declared) }],
    },
  );
}
