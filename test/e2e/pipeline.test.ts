import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Account, account, settledAccount } from '../../cli/accounting/account.ts';
import { deployedNames } from '../../cli/accounting/deployed-names.ts';
import { missingRows } from '../../cli/accounting/print.ts';
import { type Clients, clientsAt } from '../../cli/aws.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { emulate, type LoggedAnswer } from '../../cli/emulator/emulate.ts';
import { feedNames } from '../../cli/emulator/posts.ts';
import { type SyntheticRun, syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { synthesize } from '../../cli/synth.ts';
import { type Runtime, startRuntime } from '../../local/start.ts';
import type { Post } from '../../model/post.ts';
import { onRealEngines } from './real-engines.ts';

/** The templates of the app, run as `npm start` runs them, and clients that know nothing but HTTP. */
const limitMs = 600_000;
const SETTLE_LIMIT_MS = 180_000;
let root: string;
let assembly: string;
const running: Runtime[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow e2e '));
  ({ directory: assembly } = await synthesize(join(root, 'synth'), { batchPath: 'off' }));
}, limitMs);
afterEach(async () => {
  for (const runtime of running.splice(0)) await runtime.stop();
}, limitMs);
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

async function start(stateDir: string, directory = assembly, log: (line: string) => void = () => {}) {
  const runtime = await startRuntime({
    assembly: directory,
    stateDir,
    ...onRealEngines(),
    log,
  });
  running.push(runtime);
  return { runtime, clients: clientsAt(runtime.endpoint) };
}

async function post(runtime: Runtime, run: SyntheticRun): Promise<readonly LoggedAnswer[]> {
  const answers: LoggedAnswer[] = [];
  const send = httpDoor();
  await emulate({
    url: `${runtime.apiUrl}/prod`,
    deployment: 'demo',
    posts: syntheticPosts(run),
    send,
    threads: 2,
    onAnswer: (answer) => answers.push(answer),
  });
  send.close();
  return answers;
}

const settled = async (clients: Clients): Promise<Account> =>
  settledAccount(clients, await deployedNames(clients, 'demo'), { waitMs: SETTLE_LIMIT_MS });

async function items(clients: Clients): Promise<Map<number, Post>> {
  const { postsTable } = await deployedNames(clients, 'demo');
  const found = new Map<number, Post>();
  for await (const { Items } of paginateScan({ client: clients.dynamodb }, { TableName: postsTable })) {
    for (const item of Items as Post[]) found.set(item.ind, item);
  }
  return found;
}

const withoutKeys = (posts: ReadonlyMap<number, Post>) =>
  new Map(
    [...posts].map(([ind, post]) => [
      ind,
      JSON.parse(JSON.stringify(post, (key, value) => (key === 'k' ? '' : value))),
    ]),
  );

test(
  'what is posted ends in the table or in quarantine; posted again after a restart, nothing changes but order keys',
  async () => {
    const stateDir = join(root, 'state');
    const run = { seed: 7, count: 40, dirty: 0.3, duplicates: 0.2 };

    const first = await start(stateDir);
    const answers = await post(first.runtime, run);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const once = await settled(first.clients);
    for (const feed of feedNames) {
      const own = answers.filter((answer) => answer.feed === feed);
      const stream = `kinesis/streaming-demo-${feed}`;
      const places = own.map(({ shardId, sequenceNumber }) => `${stream}/${shardId}/${sequenceNumber}`);
      expect([...once[feed].places.keys()].sort()).toEqual(places.sort());
      const { rows, applied, duplicate, superseded, quarantined, missing } = once[feed];
      expect({ missing, rows }).toEqual({ missing: 0, rows: applied + duplicate + superseded + quarantined });
      expect(applied).toBeGreaterThan(0);
      expect(quarantined).toBeGreaterThan(0);
      expect(superseded).toBe(0);
    }
    const before = await items(first.clients);
    await first.runtime.stop();

    const second = await start(stateDir);
    expect(await items(second.clients)).toEqual(before);
    await post(second.runtime, run);
    const twice = await settled(second.clients);
    const after = await items(second.clients);
    expect(withoutKeys(after)).toEqual(withoutKeys(before));
    for (const feed of feedNames) {
      expect(twice[feed]).toMatchObject({
        missing: 0,
        rows: once[feed].rows * 2,
        applied: once[feed].applied,
        quarantined: once[feed].quarantined * 2,
      });
    }
    for (const [ind, { pin }] of before) {
      if (pin !== undefined) expect(after.get(ind)!.pin!.k > pin.k).toBe(true);
    }
  },
  limitMs,
);

test(
  'a role without a grant it needs is refused by name',
  async () => {
    const directory = join(root, 'without a grant');
    cpSync(assembly, directory, { recursive: true });
    const file = join(directory, 'pinflow-demo-speed.template.json');
    const template = readFileSync(file, 'utf8');
    expect(template).toContain('"dynamodb:UpdateItem"');
    writeFileSync(file, template.replaceAll('"dynamodb:UpdateItem"', '"dynamodb:DescribeTable"'));

    const told: string[] = [];
    const { runtime, clients } = await start(join(root, 'refused'), directory, (line) => told.push(line));
    const answers = await post(runtime, { seed: 7, count: 1, dirty: 0, duplicates: 0 });
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = () => told.find((line) => line.includes('AccessDenied'));
    for (const end = Date.now() + SETTLE_LIMIT_MS; refused() === undefined && Date.now() < end; ) await sleep(250);
    const refusal = refused() ?? '';
    expect(refusal).toContain('dynamodb:UpdateItem');
    expect(refusal).toContain('arn:aws:dynamodb:us-east-1:000000000000:table/pinflow-demo-posts');
    expect(refusal).toMatch(/role\/pinflow-demo-speed-|assumed-role\//);
    expect(await items(clients)).toEqual(new Map());
    expect(missingRows(await account(clients, await deployedNames(clients, 'demo')))).toBe(3);
  },
  limitMs,
);
