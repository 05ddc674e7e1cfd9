import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AccessRequest, Caller } from '../../../local/access/caller.ts';
import { ApiKeys } from '../../../local/services/apigateway/api-keys.ts';
import { ApiGatewayControlPlane } from '../../../local/services/apigateway/control-plane.ts';
import { ServiceError } from '../../../local/services/service.ts';

let server: Server;
let asked: AccessRequest[];

beforeEach(async () => {
  asked = [];
  const apiKeys = new ApiKeys();
  apiKeys.addKey({ id: 'k1', name: 'pinflow-demo', value: 'secret', enabled: true });
  const frontDoor = {
    call: async () => ({}),
    authorize: (_: Caller, request: AccessRequest) => {
      asked.push(request);
      if (request.resource.endsWith('/denied')) throw new ServiceError('AccessDeniedException', 'not allowed', 403);
    },
  };
  const plane = new ApiGatewayControlPlane({ region: 'us-east-1', frontDoor, apiKeys });
  server = createServer((request, response) => void plane.handle(request, response, {} as Caller));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

test.each([
  ['GET', '/apikeys/k1?includeValue=true', 200, { id: 'k1', name: 'pinflow-demo', enabled: true, value: 'secret' }],
  ['GET', '/apikeys/k1', 200, { id: 'k1', name: 'pinflow-demo', enabled: true }],
  ['GET', '/apikeys/k2', 404, { message: 'Invalid API Key identifier specified' }],
  ['GET', '/apikeys/denied', 403, { message: 'not allowed' }],
  ['GET', '/restapis', 400, { message: 'The local API Gateway has the operation GetApiKey only.' }],
  ['DELETE', '/apikeys/k1', 400, { message: 'The local API Gateway has the operation GetApiKey only.' }],
])('%s %s is answered with %d', async (method, path, status, body) => {
  const reply = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method });
  expect([reply.status, await reply.json()]).toEqual([status, body]);
});

test('IAM is asked for the key that is read', async () => {
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/apikeys/k1`);
  expect(asked).toEqual([{ action: 'apigateway:GET', resource: 'arn:aws:apigateway:us-east-1::/apikeys/k1' }]);
});
