import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { LogsService } from '../../../local/services/logs/service.ts';
import { type Runtime, startRuntime } from '../../../local/start.ts';
import type { Template } from '../../../local/template/assembly.ts';
import { pythonPath } from '../../../setup/paths.mjs';

let root: string;
let assembly: string;
let runtime: Runtime | undefined;
let log: string[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'pinflow-start-'));
  assembly = join(root, 'cdk.out');
  execFileSync(process.execPath, ['bin/pinflow.ts'], {
    env: { ...process.env, CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: '{"batchPath":"off"}' },
    stdio: 'pipe',
  });
});

afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const start = async (options: { assembly?: string; state?: string } = {}): Promise<Runtime> => {
  log = [];
  runtime = await startRuntime({
    assembly: options.assembly ?? assembly,
    stateDir: join(root, options.state ?? 'state'),
    python: pythonPath(),
    port: 0,
    apiPort: 0,
    log: (line) => log.push(line),
  });
  return runtime;
};

const pin = {
  index: 7,
  unique_id: '00000000-0000-4000-8000-000000000007',
  title: 'A title',
  description: 'A description',
  poster_name: 'Poster',
  follower_count: '10k',
  tag_list: 'a,b',
  is_image_or_video: 'image',
  image_src: 'https://example.org/7.jpg',
  downloaded: 1,
  save_location: 'Local save in /data/art',
  category: 'art',
};

const send = (url: string, data: unknown): Promise<Response> =>
  fetch(`${url}/prod/streams/streaming-demo-pin/record`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ StreamName: 'streaming-demo-pin', Data: data, PartitionKey: 'partition-1' }),
  });

/** Its pin; the aggregate function may stamp the rest of the post at any time. */
const pinOfPost = async ({ frontDoor, administrator, stacks }: Runtime): Promise<unknown> => {
  const table = stacks['pinflow-demo-speed']!.outputs['PostsTable']!.value;
  const key = { TableName: table, Key: { ind: { N: '7' } }, ConsistentRead: true };
  const { Item } = await frontDoor.call(administrator, 'dynamodb', 'GetItem', key);
  return (Item as Record<string, unknown> | undefined)?.['pin'];
};

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const end = Date.now() + 90_000; Date.now() < end; await delay(50)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`nothing came in 90 s; the log: ${log.join('\n')}`);
}

test('a record goes through the synthesized API, streams and function into the table, also after a restart', async () => {
  const first = await start();
  expect((await send(first.apiUrl, pin)).status).toBe(200);
  const stored = await until(() => pinOfPost(first));
  expect(stored).toMatchObject({ M: { fields: { M: { follower_count: { N: '10000' } } } } });
  expect(log).toEqual([]);
  await first.stop();

  const second = await start();
  expect(await pinOfPost(second)).toEqual(stored);
  expect((await send(second.apiUrl, { ...pin, follower_count: '11k' })).status).toBe(200);
  const changed = await until(async () => {
    const now = await pinOfPost(second);
    return JSON.stringify(now) === JSON.stringify(stored) ? undefined : now;
  });
  expect(changed).toMatchObject({ M: { fields: { M: { follower_count: { N: '11000' } } } } });
  expect(log).toEqual([]);
}, 300_000);

test('a stop lets the invocation that is under way come to its end', async () => {
  const first = await start({ state: 'ending' });
  await send(first.apiUrl, pin);
  await until(() => pinOfPost(first));
  first.faults.start('lambda:invocation-add-delay', { delayMs: 500, target: '*clean*' });
  await send(first.apiUrl, { ...pin, follower_count: '11k' });
  await until(() => first.faults.all().find(({ running }) => running?.met));
  await first.stop();

  const logs = new LogsService({
    file: join(root, 'ending', 'logs.sqlite'),
    account: first.account,
    region: first.region,
  });
  const lines = logs.store.events({ group: '/pinflow/demo/clean', limit: 1_000 }).map(({ message }) => message);
  logs.close();
  expect(lines.filter((line) => line.startsWith('REPORT'))).toHaveLength(2);
  expect(lines.filter((line) => /WARN|ERROR|Status:/.test(line))).toEqual([]);
}, 300_000);

test('a second runtime on the same state is refused', async () => {
  await start();
  const second = startRuntime({ assembly, stateDir: join(root, 'state'), python: pythonPath(), port: 0, apiPort: 0 });
  await expect(second).rejects.toThrow(`pid ${process.pid} uses the state`);
});

test('a role without a grant that it needs is refused, naming action, resource and role', async () => {
  const lacking = join(root, 'lacking.out');
  cpSync(assembly, lacking, { recursive: true });
  const file = join(lacking, readdirSync(lacking).find((name) => name.endsWith('-speed.template.json'))!);
  const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
  withoutGrant(template, 'dynamodb:UpdateItem');
  writeFileSync(file, JSON.stringify(template));

  const { apiUrl } = await start({ assembly: lacking, state: 'lacking' });
  await send(apiUrl, pin);
  const refusal = await until(() => log.find((line) => line.includes('AccessDenied')));
  expect(refusal).toMatch(
    /assumed-role\/pinflow-demo-speed-Clean\w*-\w+\/pinflow is not authorized to perform: dynamodb:UpdateItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table\/pinflow-demo-posts because no identity-based policy allows/,
  );
}, 300_000);

test('what the runtime does not have stops the start with its name and place, and nothing is left behind', async () => {
  const strange = join(root, 'strange.out');
  cpSync(assembly, strange, { recursive: true });
  const file = join(strange, readdirSync(strange).find((name) => name.endsWith('-lake.template.json'))!);
  const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, object> };
  template.Resources['Secret'] = { Type: 'AWS::SecretsManager::Secret' };
  writeFileSync(file, JSON.stringify(template));

  await expect(start({ assembly: strange, state: 'strange' })).rejects.toThrow(
    'pinflow-demo-lake.Secret: the local runtime does not have the resource type AWS::SecretsManager::Secret',
  );
  expect(readdirSync(join(root, 'strange'))).not.toContain('runtime.json');
});

test('a start that is stopped meanwhile closes what it opened', async () => {
  const stateDir = join(root, 'stopped');
  const options = { assembly, stateDir, python: pythonPath(), port: 0, apiPort: 0 };
  await expect(startRuntime({ ...options, stop: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/);
  expect(globSync('{runtime.json,engines/*.pid}', { cwd: stateDir })).toEqual([]);
});

/** Takes an action out of every policy of the template. */
function withoutGrant(template: Template, action: string): void {
  for (const { Properties } of Object.values(template.Resources)) {
    for (const { PolicyDocument } of (Properties?.['Policies'] ?? []) as {
      PolicyDocument: { Statement: object[] };
    }[]) {
      PolicyDocument.Statement = PolicyDocument.Statement.filter(
        (statement) => !JSON.stringify(statement).includes(`"${action}"`),
      );
    }
  }
}
