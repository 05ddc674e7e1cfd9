import { describe, expect, test } from '@jest/globals';
import { ServiceError } from '../../local/services/service.ts';
import type { Gateway } from '../local/apigateway/gateway.ts';
import { RECORD, RECORDS, STREAM, STREAMS } from './fake-kinesis.ts';

/** The tests of paths, refusals and limits, whatever a route writes. */
export function routes(gateway: Gateway): void {
  describe('streams', () => {
    test("GET /streams lists the deployment's own", async () => {
      const reply = await gateway.send('GET', '/prod/streams');
      expect([reply.status, reply.json]).toEqual([200, { StreamNames: [...STREAMS].sort(), HasMoreStreams: false }]);
    });

    test('GET /streams/{name} describes one, with a body and without a content type', async () => {
      const reply = await gateway.send('GET', `/prod/streams/${STREAM}`, { body: { StreamName: 'other' } });
      expect(reply.status).toBe(200);
      expect(reply.json.StreamDescription.StreamName).toBe(STREAM);
    });

    test.each<[string, string, unknown]>([
      ['PUT', '/prod/streams/streaming-12ab-pin/record', { Data: {}, PartitionKey: 'k' }],
      ['PUT', '/prod/streams/streaming-12ab-pin/records', { records: [{ data: 1, 'partition-key': 'k' }] }],
      ['GET', '/prod/streams/streaming-12ab-pin', undefined],
      ['PUT', '/prod/streams/%22%7D%2C%24x/record', { Data: {}, PartitionKey: 'k' }],
      ['PUT', '/prod/streams/a%2Fb/record', { Data: {}, PartitionKey: 'k' }],
    ])('%s %s is a 404 that lists the names there are', async (verb, path, body) => {
      const reply = await gateway.send(verb, path, { body });
      expect(reply.status).toBe(404);
      expect(reply.json.__type).toBe('ResourceNotFoundException');
      for (const name of STREAMS) expect(reply.json.message).toContain(name);
      expect(reply.json.message).toContain('deployment=');
    });
  });

  describe('paths', () => {
    const body = { Data: 1, PartitionKey: 'k' };
    test.each([
      RECORD,
      `${RECORD}/`,
      `/streams/${STREAM}/record`,
      `/test/streams/${STREAM}/record`,
      `//streams/${STREAM}/record`,
      `/prod//streams/${STREAM}/record`,
      `//prod/streams/${STREAM}/record/`,
      `/prod/streams/streaming%2Ddemo%2Dpin/record`,
      `${RECORD}?x=1&x=2`,
    ])('PUT %s works', async (path) => {
      const reply = await gateway.send('PUT', path, { body });
      expect([reply.status, gateway.calls[0]?.input.StreamName]).toEqual([200, STREAM]);
    });

    test.each([
      ['PUT', '/prod/streams//record'],
      ['PUT', '/prod/topics/x'],
      ['GET', '/'],
      ['GET', '/prod'],
      ['GET', '/favicon.ico'],
      ['PATCH', RECORD],
      ['HEAD', '/prod/streams'],
      ['PUT', `/prod/streams/${STREAM}`],
      ['PUT', `${RECORD}/more`],
      ['PUT', `/prod/streams/${STREAM}//record`],
    ])('%s %s is a 404 in JSON', async (verb, path) => {
      const reply = await gateway.send(verb, path, { body: verb === 'HEAD' ? undefined : body });
      expect(reply.status).toBe(404);
      if (verb !== 'HEAD')
        expect(reply.json).toEqual({ __type: 'NotFoundException', message: expect.stringContaining('/streams') });
      expect(gateway.calls).toEqual([]);
    });

    test('a broken percent-encoding is a 400 in JSON', async () => {
      const reply = await gateway.send('GET', '/prod/streams/%zz');
      expect([reply.status, typeof reply.json.message]).toEqual([400, 'string']);
    });

    test.each([RECORD, RECORDS, '/prod/streams', `/prod/streams/${STREAM}`, '/prod/', '/'])(
      'OPTIONS %s answers a preflight',
      async (path) => {
        const reply = await gateway.send('OPTIONS', path, {
          headers: { Origin: 'http://example.com', 'Access-Control-Request-Method': 'PUT' },
        });
        expect(reply.status).toBe(204);
        expect(reply.headers['access-control-allow-origin']).toBe('*');
        expect(reply.headers['access-control-allow-methods']).toMatch(/OPTIONS$/);
        expect(reply.headers['access-control-allow-headers']).toContain('Content-Type');
        expect(reply.text).toBe('');
      },
    );
  });

  describe('what Kinesis refuses', () => {
    test.each<[string, number, number, Record<string, string>]>([
      ['ProvisionedThroughputExceededException', 400, 429, { 'retry-after': '1' }],
      ['LimitExceededException', 400, 429, { 'retry-after': '1' }],
      ['KMSThrottlingException', 400, 429, { 'retry-after': '1' }],
      ['ThrottlingException', 400, 429, { 'retry-after': '1' }],
      ['ResourceNotFoundException', 400, 404, {}],
      ['InvalidArgumentException', 400, 400, {}],
      ['ValidationException', 400, 400, {}],
      ['SerializationException', 400, 400, {}],
      ['AccessDeniedException', 400, 500, {}],
      ['KMSDisabledException', 400, 503, {}],
      ['InternalFailure', 500, 503, { 'retry-after': '1' }],
      ['InternalFailureException', 500, 503, { 'retry-after': '1' }],
      ['ServiceUnavailable', 503, 503, { 'retry-after': '1' }],
    ])('%s with %d is a %d', async (code, from, to, headers) => {
      gateway.respond = () => {
        throw new ServiceError(code, `It's "${code}" \\ \n $x`, from);
      };
      const reply = await gateway.send('PUT', RECORD, { body: { Data: 1, PartitionKey: 'k' } });
      expect([reply.status, gateway.failures]).toEqual([to, []]);
      expect(reply.headers).toMatchObject({ ...headers, 'access-control-allow-origin': '*' });
      expect(reply.json).toEqual({ __type: expect.any(String), message: expect.any(String) });
    });

    test('too much data is a 413', async () => {
      gateway.respond = () => {
        throw new ServiceError(
          'ValidationException',
          "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576",
        );
      };
      expect((await gateway.send('PUT', RECORD, { body: { Data: 1, PartitionKey: 'k' } })).status).toBe(413);
    });

    test('what is no refusal at all is a 5xx in JSON, told in the log', async () => {
      gateway.respond = () => {
        throw new Error('socket hang up');
      };
      const reply = await gateway.send('PUT', RECORD, { body: { Data: 1, PartitionKey: 'k' } });
      expect(reply.status).toBe(504);
      expect(reply.json).toEqual({ __type: 'InternalFailure', message: expect.any(String) });
      expect(gateway.failures.join()).toMatch(/PUT \/streams\/\{stream-name\}\/record: Error: socket hang up/);
    });
  });

  test('control routes are throttled with Retry-After', async () => {
    const replies = [];
    for (let i = 0; i < 12; i++) replies.push(await gateway.send('GET', '/prod/streams'));
    const refused = replies.find(({ status }) => status === 429);
    expect(refused?.json).toEqual({ __type: 'ThrottlingException', message: expect.any(String) });
    expect(refused?.headers).toMatchObject({ 'retry-after': '1', 'access-control-allow-origin': '*' });
  });

  test('every request is a JSON line in the access log', async () => {
    await gateway.send('PUT', `${RECORD}?a="`, { body: { Data: 1, PartitionKey: 'k' } });
    await gateway.send('GET', '/nothing/here');
    const lines = gateway.accessLog.map(([, line]) => JSON.parse(line));
    expect(lines[0]).toMatchObject({
      method: 'PUT',
      path: RECORD,
      route: '/streams/{stream-name}/record',
      status: '200',
      integrationStatus: '200',
    });
    expect(lines[1]).toMatchObject({ status: '404', error: 'MISSING_AUTHENTICATION_TOKEN', integrationStatus: '-' });
    expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(2);
  });
}
