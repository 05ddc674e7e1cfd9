import type { IncomingMessage } from 'node:http';
import { principalArn } from '../../access/identities.ts';
import { ServiceError } from '../service.ts';
import { GatewayError } from './errors.ts';
import type { Services } from './integration.ts';
import { signerOf } from './sigv4.ts';
import type { Stage } from './stage.ts';

/**
 * Lets in who signed the request and may `execute-api:Invoke` the method.
 * @param parts of the path below the stage
 * @returns the `$context` variables of the caller
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
 * @throws GatewayError MISSING_AUTHENTICATION_TOKEN, INVALID_SIGNATURE, ACCESS_DENIED
 */
export async function authorize(
  request: IncomingMessage,
  body: Buffer,
  parts: readonly string[],
  stage: Stage,
  { frontDoor, identities, account, region }: Services,
): Promise<Record<string, string>> {
  const [path = '/', ...query] = (request.url ?? '/').split('?');
  const caller = await signerOf(
    { method: request.method ?? 'GET', path, query: query.join('?'), headers: request.headers, body },
    { region, byAccessKey: (accessKeyId) => identities.byAccessKey(accessKeyId) },
  );
  const invoked = `${stage.api.apiId}/${stage.name}/${request.method}/${parts.join('/')}`;
  try {
    frontDoor.authorize(caller, {
      action: 'execute-api:Invoke',
      resource: `arn:aws:execute-api:${region}:${account}:${invoked}`,
    });
  } catch (error) {
    throw error instanceof ServiceError ? new GatewayError('ACCESS_DENIED', error.message) : error;
  }
  return {
    'identity.accountId': account,
    'identity.caller': caller.accessKeyId,
    'identity.user': caller.accessKeyId,
    'identity.userArn': principalArn(caller),
  };
}
