import { AuthorizationType, type IResource, MockIntegration, PassthroughBehavior } from 'aws-cdk-lib/aws-apigateway';
import { asResponseParameters, CORS_PREFLIGHT } from './cors.ts';

/** Answers a CORS preflight request for a route: 204, without a look at the caller. */
export function addPreflight(resource: IResource): void {
  const declared = Object.fromEntries(Object.keys(CORS_PREFLIGHT).map((name) => [name, true]));
  resource.addMethod(
    'OPTIONS',
    new MockIntegration({
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestTemplates: { 'application/json': '{"statusCode": 204}' },
      integrationResponses: [{ statusCode: '204', responseParameters: asResponseParameters(CORS_PREFLIGHT) }],
    }),
    {
      authorizationType: AuthorizationType.NONE,
      methodResponses: [{ statusCode: '204', responseParameters: asResponseParameters(declared) }],
    },
  );
}
