import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ClientsRuntime, deployed, python, setUpLimitMs, startForClients } from './runtime.ts';

/** The AWS CLI, version 1, which is a Python package: `aws …` with the profile alone. */
const { stream, table, bucket, logGroup } = deployed;
const limitMs = 300_000;

let clients: ClientsRuntime;
beforeAll(async () => {
  clients = await startForClients();
}, setUpLimitMs);
afterAll(() => clients?.stop(), setUpLimitMs);

const run = (args: readonly string[], environment = clients.environment) =>
  python(['-m', 'awscli', ...args], environment, clients.scratch);

/** What `aws …` prints. */
async function aws(...args: string[]): Promise<string> {
  const { code, said, failed } = await run(args);
  expect({ code, failed }).toEqual({ code: 0, failed: '' });
  return said.trim();
}

const json = async (...args: string[]) => JSON.parse(await aws(...args, '--output', 'json'));

test(
  'aws kinesis put-record, put-records, get-records and describe-stream-summary',
  async () => {
    const record = await json('kinesis', 'put-record', '--stream-name', stream, '--partition-key', '1', '--data', '{}');
    const iterator = await aws(
      ...['kinesis', 'get-shard-iterator', '--stream-name', stream, '--shard-id', record.ShardId, '--output', 'text'],
      ...['--shard-iterator-type', 'AT_SEQUENCE_NUMBER', '--starting-sequence-number', record.SequenceNumber],
    );
    const { Records } = await json('kinesis', 'get-records', '--shard-iterator', iterator, '--limit', '1');
    expect(Records).toEqual([
      expect.objectContaining({ Data: Buffer.from('{}').toString('base64'), SequenceNumber: record.SequenceNumber }),
    ]);
    const records = ['Data=one,PartitionKey=1', 'Data=two,PartitionKey=2'];
    const put = await json('kinesis', 'put-records', '--stream-name', stream, '--records', ...records);
    expect(put.FailedRecordCount).toBe(0);
    const { StreamDescriptionSummary: summary } = await json(
      ...['kinesis', 'describe-stream-summary', '--stream-name', stream],
    );
    const listed = await json('kinesis', 'list-shards', '--stream-arn', summary.StreamARN, '--page-size', '1');
    expect(listed.Shards).toHaveLength(summary.OpenShardCount);
  },
  limitMs,
);

test(
  'aws dynamodb put-item, query, scan and wait',
  async () => {
    const item = { ind: { N: '7' }, title: { S: 'søk ☃' } };
    await aws('dynamodb', 'put-item', '--table-name', table, '--item', JSON.stringify(item));
    const values = JSON.stringify({ ':ind': { N: '7' } });
    const [queried, scanned] = await Promise.all([
      json(
        ...['dynamodb', 'query', '--table-name', table, '--key-condition-expression', 'ind = :ind'],
        ...['--expression-attribute-values', values],
      ),
      json('dynamodb', 'scan', '--table-name', table, '--page-size', '1'),
      aws('dynamodb', 'wait', 'table-exists', '--table-name', table),
    ]);
    // The aggregate function stamps the posts that it counts.
    expect(queried.Items).toEqual([expect.objectContaining(item)]);
    expect(scanned.Items).toContainEqual(expect.objectContaining(item));
    const again = await run([
      ...['dynamodb', 'put-item', '--table-name', table, '--item', JSON.stringify(item)],
      ...['--condition-expression', 'attribute_not_exists(ind)'],
    ]);
    expect(again.code).not.toBe(0);
    expect(again.failed).toContain('(ConditionalCheckFailedException)');
  },
  limitMs,
);

test(
  'aws s3 ls, cp, sync, presign and rm',
  async () => {
    const name = (file: string) => join(clients.scratch, file);
    const body = randomBytes(20_000_000);
    writeFileSync(name('large'), body);
    const at = `s3://${bucket}/aws-cli`;
    expect(await aws('s3', 'ls')).toContain(bucket);
    await aws('s3', 'cp', name('large'), `${at}/large`, '--quiet');
    await aws('s3', 'cp', `${at}/large`, `${at}/dir/copy`, '--quiet');
    await aws('s3', 'sync', `${at}/dir`, name('synced'), '--quiet');
    expect(readFileSync(name('synced/copy')).equals(body)).toBe(true);
    const listed = await aws('s3', 'ls', '--recursive', `${at}/`);
    expect(listed.split('\n').map((line) => line.split(/ +/).slice(2).join(' '))).toEqual([
      '20000000 aws-cli/dir/copy',
      '20000000 aws-cli/large',
    ]);
    expect(await aws('s3', 'ls', `${at}/`)).toMatch(/PRE dir\/\n.* 20000000 large$/);
    const answer = await fetch(await aws('s3', 'presign', `${at}/large`));
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    await aws('s3', 'rm', '--recursive', at, '--quiet');
    const left = ['s3api', 'list-objects-v2', '--bucket', bucket, '--prefix', 'aws-cli/', '--query', 'Contents'];
    expect(await json(...left)).toBeNull();
  },
  limitMs,
);

test(
  'aws s3api put-object creates once, head-object, get-object',
  async () => {
    const file = join(clients.scratch, 'small');
    writeFileSync(file, 'small');
    const named = ['--bucket', bucket, '--key', 'aws-cli-once'];
    const put = ['s3api', 'put-object', ...named, '--body', file, '--if-none-match', '*'];
    await aws(...put);
    const again = await run(put);
    expect(again.code).not.toBe(0);
    expect(again.failed).toContain('(PreconditionFailed)');
    expect(await json('s3api', 'head-object', ...named)).toMatchObject({ ContentLength: 5 });
    await aws('s3api', 'get-object', ...named, `${file} copy`);
    expect(readFileSync(`${file} copy`, 'utf8')).toBe('small');
  },
  limitMs,
);

test(
  'aws logs filter-log-events and get-log-events',
  async () => {
    const named = ['--log-group-name', logGroup, '--log-stream-name', 'aws-cli'];
    await aws('logs', 'create-log-stream', ...named);
    const events = ['one', 'two', 'three'].map((word, at) => ({ timestamp: Date.now() + at, message: `line ${word}` }));
    await aws('logs', 'put-log-events', ...named, '--log-events', JSON.stringify(events));
    const [filtered, got] = await Promise.all([
      json(
        ...['logs', 'filter-log-events', '--log-group-name', logGroup, '--log-stream-names', 'aws-cli'],
        ...['--filter-pattern', 'line -two', '--interleaved', '--start-time', String(Date.now() - 60_000)],
        ...['--page-size', '1', '--query', 'events[].message'],
      ),
      json('logs', 'get-log-events', ...named, '--start-from-head', '--query', 'events[].message'),
    ]);
    expect(filtered).toEqual(['line one', 'line three']);
    expect(got).toEqual(['line one', 'line two', 'line three']);
  },
  limitMs,
);

test(
  'aws cloudformation describe-stacks, aws sts get-caller-identity',
  async () => {
    const [outputs, identity] = await Promise.all([
      json('cloudformation', 'describe-stacks', '--stack-name', 'pinflow-demo-speed', '--query', 'Stacks[0].Outputs'),
      json('sts', 'get-caller-identity'),
    ]);
    expect(outputs).toContainEqual(expect.objectContaining({ OutputKey: 'PostsTable', OutputValue: table }));
    expect(identity.Arn).toBe('arn:aws:iam::000000000000:user/pinflow');
  },
  limitMs,
);

test(
  'aws with the endpoint by variable, with a role’s key, and of a service that is not here',
  async () => {
    const list = ['s3', 'ls', `s3://${bucket}`];
    const [byVariable, denied, unknown] = await Promise.all([
      run(list, clients.endpointEnvironment),
      run(list, clients.roleEnvironment),
      run(['ecr', 'describe-repositories']),
    ]);
    expect(byVariable).toMatchObject({ code: expect.any(Number), failed: '' });
    expect(denied.code).not.toBe(0);
    expect(denied.failed).toMatch(/\(AccessDenied\).*s3:ListBucket/);
    expect(unknown.failed).toMatch(/\(UnknownOperationException\).*does not have the service ecr/);
  },
  limitMs,
);
