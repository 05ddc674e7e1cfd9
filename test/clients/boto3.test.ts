import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ClientsRuntime, deployed, python, setUpLimitMs, startForClients } from './runtime.ts';

const limitMs = 300_000;

let clients: ClientsRuntime;
beforeAll(async () => {
  clients = await startForClients();
}, setUpLimitMs);
afterAll(() => clients?.stop(), setUpLimitMs);

async function check(kind: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const { stream: STREAM, table: TABLE, bucket: BUCKET, logGroup: LOG_GROUP } = deployed;
  const names = { STREAM, TABLE, BUCKET, LOG_GROUP, SCRATCH: clients.scratch };
  const args = ['-m', 'unittest', `boto3_checks.${kind}`];
  const { code, failed } = await python(args, { ...names, ...variables }, import.meta.dirname);
  expect({ code, failed }).toEqual({ code: 0, failed: expect.stringMatching(/Ran \d+ tests? in .*\n\nOK\n/) });
}

test.each(['Kinesis', 'DynamoDB', 'S3', 'Logs', 'CloudFormation', 'STS'])(
  'boto3 with the profile alone: %s',
  (kind) => check(kind, clients.environment),
  limitMs,
);

test.each(['S3', 'STS'])(
  'boto3 with the endpoint by variable: %s',
  (kind) => check(kind, clients.endpointEnvironment),
  limitMs,
);

test('boto3 with a role’s key', () => check('Role', clients.roleEnvironment), limitMs);
