import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../access/caller.ts';
import { type FrontDoor, type HttpService, ServiceError } from '../service.ts';
import type { ApiKeys } from './api-keys.ts';

export interface ControlPlaneOptions {
  readonly region: string;
  readonly frontDoor: FrontDoor;
  readonly apiKeys: ApiKeys;
}

/**
 * API Gateway's own API, as far as a person needs it: `aws apigateway get-api-key --include-value`.
 * @see https://docs.aws.amazon.com/apigateway/latest/api/API_GetApiKey.html
 */
export class ApiGatewayControlPlane implements HttpService {
  readonly name = 'apigateway';
  readonly #options: ControlPlaneOptions;

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    request.resume();
    try {
      reply(response, 200, this.#getApiKey(request, caller));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      response.setHeader('x-amzn-errortype', error.code);
      reply(response, error.status, { message: error.message });
    }
  }

  #getApiKey(request: IncomingMessage, caller: Caller): object {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://door');
    const [, id] = /^\/apikeys\/([^/]+)$/.exec(pathname) ?? [];
    if (request.method !== 'GET' || id === undefined) {
      throw new ServiceError('UnknownOperationException', 'The local API Gateway has the operation GetApiKey only.');
    }
    const { region, frontDoor, apiKeys } = this.#options;
    frontDoor.authorize(caller, { action: 'apigateway:GET', resource: `arn:aws:apigateway:${region}::/apikeys/${id}` });
    const key = apiKeys.find(id);
    if (!key) throw new ServiceError('NotFoundException', 'Invalid API Key identifier specified', 404);
    const { value, ...rest } = key;
    return searchParams.get('includeValue') === 'true' ? { ...rest, value } : rest;
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
