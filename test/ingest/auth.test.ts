import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { clientsAt } from '../../cli/aws.ts';
import { authorized } from '../../cli/door-auth.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { parsePolicy } from '../../local/access/policy.ts';
import { signerOf } from '../../local/services/apigateway/sigv4.ts';
import { Door } from './door.ts';

const STREAM = 'streaming-demo-pin';
const RECORD = `/prod/streams/${STREAM}/record`;
const BODY = { Data: { index: 1, text: 'é "quoted"' }, PartitionKey: 'k' };

describe('API keys', () => {
  let door: Door;
  let key: string;
  beforeAll(async () => {
    door = await Door.open({ auth: 'api-key' });
    key = door.gateway.apiKeys.find(door.outputs['ApiKeyId']!)!.value;
  }, 180_000);
  afterAll(() => door.close());

  test('the key of the output opens every route', async () => {
    expect(key).toMatch(/^[0-9a-z]{40}$/);
    const headers = { 'X-API-Key': key };
    expect((await door.send('PUT', RECORD, { headers, body: BODY })).status).toBe(200);
    expect((await door.send('GET', '/prod/streams', { headers })).status).toBe(200);
    expect(await door.records(STREAM)).toHaveLength(1);
  });

  test.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['another key', { 'x-api-key': 'x'.repeat(40) }],
  ])('%s is a 403 that says what to send', async (_, headers) => {
    const reply = await door.send('PUT', RECORD, { headers, body: BODY });
    expect([reply.status, reply.json]).toEqual([
      403,
      { __type: 'ForbiddenException', message: expect.stringContaining('x-api-key') },
    ]);
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'x-amzn-errortype': 'ForbiddenException',
    });
  });

  test('preflights and unknown routes need none', async () => {
    const preflight = await door.send('OPTIONS', RECORD);
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-headers']).toContain('X-Api-Key');
    expect((await door.send('GET', '/prod/nothing')).status).toBe(404);
  });
});

describe('usage plans', () => {
  const stage = { api: { apiId: 'api' }, name: 'prod' };
  const planOf = (door: Door, plan: { rate?: number; requestsPerDay?: number }) => {
    const { apiKeys } = door.gateway;
    apiKeys.addKey({ id: 'k', name: 'k', value: 'secret', enabled: true });
    apiKeys.addPlan('p', {
      stages: [{ apiId: 'api', stage: 'prod' }],
      throttle: plan.rate === undefined ? undefined : { rate: plan.rate, burst: 2 },
      requestsPerDay: plan.requestsPerDay,
    });
    apiKeys.addKeyToPlan('k', 'p', 'test');
    return (now?: Date) => {
      try {
        return apiKeys.admit('secret', stage, now)['identity.apiKeyId'];
      } catch (error) {
        return (error as { responseType: string }).responseType;
      }
    };
  };
  let door: Door;
  beforeAll(async () => {
    door = await Door.open({ auth: 'api-key' });
  }, 180_000);
  afterAll(() => door.close());

  test('a key beyond the burst is throttled', () => {
    const admit = planOf(door, { rate: 0.001 });
    expect([admit(), admit(), admit()]).toEqual(['k', 'k', 'THROTTLED']);
  });

  test('a key beyond the quota waits for the next day in UTC', () => {
    const admit = planOf(door, { requestsPerDay: 2 });
    const [evening, midnight] = [new Date('2026-11-21T23:59:59.999Z'), new Date('2026-11-22T00:00:00Z')];
    expect([admit(evening), admit(evening), admit(evening), admit(midnight)]).toEqual([
      'k',
      'k',
      'QUOTA_EXCEEDED',
      'k',
    ]);
  });

  test('a key of no plan, of a plan of another stage, or one that is disabled opens nothing', () => {
    const admit = planOf(door, {});
    const { apiKeys } = door.gateway;
    expect(() => apiKeys.admit('secret', { ...stage, name: 'test' })).toThrow('Forbidden');
    apiKeys.addKey({ id: 'free', name: 'free', value: 'free', enabled: true });
    expect(() => apiKeys.admit('free', stage)).toThrow('Forbidden');
    apiKeys.addKey({ id: 'k', name: 'k', value: 'secret', enabled: false });
    expect(admit()).toBe('INVALID_API_KEY');
  });
});

describe('IAM', () => {
  let door: Door;
  beforeAll(async () => {
    door = await Door.open({ auth: 'iam' });
  }, 180_000);
  const http = httpDoor();
  const clients = clientsAt('http://127.0.0.1:1');
  const signed = authorized(http, { kind: 'iam', clients, region: 'us-east-1' });
  afterAll(async () => {
    http.close();
    clients.close();
    await door.close();
  });
  const urlOf = (path: string) => new URL(door.gateway.url + path);

  test.each([
    ['PUT', RECORD, JSON.stringify(BODY)],
    ['PUT', `${RECORD}/`, JSON.stringify(BODY)],
    ['PUT', `/prod/streams/${STREAM.replaceAll('-', '%2D')}/record?b=%20%2F&c=2&empty=`, JSON.stringify(BODY)],
    ['GET', '/prod/streams?Limit=1&ExclusiveStartStreamName=streaming-demo-geo', ''],
    ['GET', `/prod/streams/${STREAM}`, '{"a":1}'],
  ])('%s %s passes when it is signed as the SDK signs', async (method, path, body) => {
    const answer = await signed(method, urlOf(path), body);
    expect([answer.status, answer.body]).toEqual([200, expect.any(String)]);
  });

  test('curl signs the same way', async () => {
    const { stdout } = await promisify(execFile)('curl', [
      ...['-sS', '-X', 'PUT', '--aws-sigv4', 'aws:amz:us-east-1:execute-api', '--user', 'pinflow:pinflow'],
      ...['-H', 'Content-Type: application/json', '-d', JSON.stringify(BODY), urlOf(RECORD).href],
    ]);
    expect(JSON.parse(stdout)).toHaveProperty('SequenceNumber');
  });

  test('an unsigned request is a 403 that says so', async () => {
    const reply = await door.send('PUT', RECORD, { body: BODY });
    expect([reply.status, reply.json]).toEqual([
      403,
      {
        __type: 'MissingAuthenticationTokenException',
        message: expect.stringMatching(/not signed with SigV4.*or its route does not exist/),
      },
    ]);
    expect(reply.headers['access-control-allow-origin']).toBe('*');
  });

  test('a preflight needs no signature', async () => {
    expect((await door.send('OPTIONS', RECORD)).status).toBe(204);
  });

  describe('what is not as it was signed is a 403', () => {
    let headers: Record<string, string>;
    beforeEach(async () => {
      let caught: Record<string, string> = {};
      const record = async (_m: string, _u: URL, _b: string, given: Readonly<Record<string, string>> = {}) => {
        caught = { ...given };
        return { status: 0, headers: {}, body: '' };
      };
      await authorized(record, { kind: 'iam', clients, region: 'us-east-1' })(
        'PUT',
        urlOf(RECORD),
        JSON.stringify(BODY),
      );
      headers = caught;
    });
    const refused = async (path = RECORD, body: object = BODY, method = 'PUT') => {
      const reply = await door.send(method, path, { headers, body });
      expect([reply.status, typeof reply.json.message]).toEqual([403, 'string']);
      return reply.json as { __type: string; message: string };
    };
    const MISMATCH = /signature we calculated does not match/;

    test('as it was signed it passes', async () => {
      expect((await door.send('PUT', RECORD, { headers, body: BODY })).status).toBe(200);
    });
    test('another body', async () => {
      expect((await refused(RECORD, { ...BODY, Data: 2 })).message).toMatch(MISMATCH);
    });
    test('another body under the hash of the first', async () => {
      delete headers['x-amz-content-sha256'];
      expect((await refused(RECORD, { ...BODY, Data: 2 })).message).toMatch(MISMATCH);
    });
    test('another stream', async () => {
      expect((await refused(RECORD.replace('pin', 'geo'))).message).toMatch(MISMATCH);
    });
    test('another method', async () => {
      expect((await refused(RECORD, BODY, 'POST')).message).toMatch(MISMATCH);
    });
    test('another query', async () => {
      expect((await refused(`${RECORD}?a=1`)).message).toMatch(MISMATCH);
    });
    test('a header that is signed', async () => {
      headers['content-type'] = 'application/json; charset=utf-8';
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'Content-Type'));
      expect((await refused()).message).toMatch(MISMATCH);
    });
    test('an access key that nobody has', async () => {
      headers['authorization'] = headers['authorization']!.replace('=pinflow/', '=somebody/');
      expect((await refused()).message).toBe('The security token included in the request is invalid.');
    });
    test.each([
      ['kinesis', /correct service: 'execute-api'/],
      ['execute-api', undefined],
    ])('the service %s', async (service, message) => {
      headers['authorization'] = headers['authorization']!.replace('/execute-api/', `/${service}/`);
      if (message) expect((await refused()).message).toMatch(message);
      else expect((await door.send('PUT', RECORD, { headers, body: BODY })).status).toBe(200);
    });
    test('another region', async () => {
      headers['authorization'] = headers['authorization']!.replace('/us-east-1/', '/eu-west-1/');
      expect((await refused()).message).toMatch(/valid region, such as 'us-east-1'/);
    });
    test.each(['AWS4-HMAC-SHA256 Credential=pinflow', 'Basic cGluZmxvdzpwaW5mbG93', 'Bearer x', 'AWS4-HMAC-SHA256'])(
      'the header Authorization: %s',
      async (authorization) => {
        headers['authorization'] = authorization;
        expect((await refused()).__type).toBe('InvalidSignatureException');
      },
    );
  });

  test('a role may call what its policy allows, and no more', async () => {
    const trust = {
      Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    };
    const sender = door.identities.putRole('sender', parsePolicy(trust, 'trust'));
    const Resource = `arn:aws:execute-api:us-east-1:000000000000:*/prod/PUT/streams/${STREAM}/record`;
    door.identities.putRolePolicy(
      'sender',
      'Send',
      parsePolicy({ Statement: { Effect: 'Allow', Action: 'execute-api:Invoke', Resource } }, 'Send'),
    );
    const asSender = async (method: string, path: string, body: object) => {
      const { stdout } = await promisify(execFile)('curl', [
        ...['-sS', '-X', method, '--aws-sigv4', 'aws:amz:us-east-1:execute-api'],
        ...['--user', `${sender.accessKeyId}:${sender.secretAccessKey}`, '-H', 'Content-Type: application/json'],
        ...['-d', JSON.stringify(body), '-w', '\n%{http_code}', urlOf(path).href],
      ]);
      const [, text, status] = /^(.*)\n(\d+)$/s.exec(stdout)!;
      return [Number(status), JSON.parse(text!)];
    };
    expect(await asSender('PUT', RECORD, BODY)).toEqual([
      200,
      expect.objectContaining({ ShardId: expect.any(String) }),
    ]);
    const records = { records: [{ data: 1, 'partition-key': 'k' }] };
    expect(await asSender('PUT', `${RECORD}s`, records)).toEqual([
      403,
      {
        __type: 'AccessDeniedException',
        message: expect.stringMatching(
          /^User: arn:aws:sts::000000000000:assumed-role\/sender\/.* is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:000000000000:\w+\/prod\/PUT\/streams\/streaming-demo-pin\/records/,
        ),
      },
    ]);
  });
});

describe('the clock of a signature', () => {
  // The time is looked at first, so the signature need not be right.
  const at = (now: string) =>
    signerOf(
      {
        method: 'GET',
        path: '/',
        query: '',
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=pinflow/20261121/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
          'x-amz-date': '20261121T120000Z',
        },
        body: Buffer.alloc(0),
      },
      {
        region: 'us-east-1',
        now: new Date(now),
        byAccessKey: (accessKeyId) => ({ kind: 'administrator', arn: 'arn', accessKeyId, secretAccessKey: 'x' }),
      },
    );

  test.each([
    ['2026-11-21T12:04:59Z', /does not match/],
    ['2026-11-21T11:55:01Z', /does not match/],
    [
      '2026-11-21T12:05:01Z',
      /^Signature expired: 20261121T120000Z is now earlier than 20261121T120001Z \(20261121T120501Z - 5 min\.\)$/,
    ],
    ['2026-11-21T11:54:59Z', /^Signature not yet current: 20261121T120000Z is still later than 20261121T115959Z/],
  ])('at %s', async (now, message) => {
    await expect(at(now)).rejects.toThrow(message);
  });
});
