import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Account, settledAccount } from '../../cli/accounting/account.ts';
import { type DeployedNames, deployedNames } from '../../cli/accounting/deployed-names.ts';
import { type Clients, clientsAt } from '../../cli/aws.ts';
import { backfillPosts, objectsToBackfill } from '../../cli/backfill/posts.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { emulate, type LoggedAnswer } from '../../cli/emulator/emulate.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { listObjects } from '../../cli/quarantine/bucket.ts';
import { redriveAll } from '../../cli/quarantine/redrive.ts';
import { synthesize } from '../../cli/synth.ts';
import { type Runtime, startRuntime } from '../../local/start.ts';
import type { Post } from '../../model/post.ts';
import { quarantinePrefix } from '../../model/quarantine.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { kafkaInstallation, pythonPath } from '../../setup/paths.mjs';

/** The same posts through both doors, which both feed the speed layer. */
const limitMs = 900_000;
let root: string;
let runtime: Runtime;
let clients: Clients;
let names: DeployedNames;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow-doors-'));
  const { directory } = await synthesize(join(root, 'synth'), { batchPath: 'on', topicsFeedSpeed: 'on' });
  runtime = await startRuntime({
    assembly: directory,
    stateDir: join(root, 'state'),
    python: pythonPath(),
    kafka: kafkaInstallation(),
    port: 0,
    apiPort: 0,
  });
  clients = clientsAt(runtime.endpoint);
  names = await deployedNames(clients, 'demo');
}, limitMs);
afterAll(async () => {
  clients?.close();
  await runtime?.stop();
  rmSync(root, { recursive: true, force: true });
}, limitMs);

async function postThroughBoth(): Promise<Account> {
  const answers: LoggedAnswer[] = [];
  const send = httpDoor();
  await emulate({
    url: `${runtime.apiUrl}/prod`,
    deployment: 'demo',
    doors: ['streams', 'topics'],
    posts: syntheticPosts({ seed: 7, count: 30, dirty: 0.3, duplicates: 0.2 }),
    send,
    threads: 2,
    onAnswer: (answer) => answers.push(answer),
  });
  send.close();
  expect(answers.filter(({ status, retryInMs }) => status !== 200 && retryInMs === undefined)).toEqual([]);
  const expected = { pin: new Set<string>(), geo: new Set<string>(), user: new Set<string>() };
  for (const { feed, partition, offset } of answers) {
    if (offset !== undefined) expected[feed].add(`kafka/demo.${feed}/${partition}/${offset}`);
  }
  return settledAccount(clients, names, { waitMs: 300_000, expected });
}

/** Posts by their index, without what tells one arrival from another. */
async function storedPosts(): Promise<ReadonlyMap<number, unknown>> {
  const found = new Map<number, unknown>();
  for await (const { Items } of paginateScan({ client: clients.dynamodb }, { TableName: names.postsTable })) {
    for (const { ind, pin, geo, user } of Items as Post[]) {
      found.set(ind, { pin: pin?.fields, geo: geo?.fields, user: user?.fields });
    }
  }
  return found;
}

const partsOf = (posts: ReadonlyMap<number, unknown>) =>
  [...posts.values()].flatMap((post) => Object.values(post as object).filter((fields) => fields !== undefined)).length;
const sum = (account: Account, of: 'rows' | 'applied' | 'missing') =>
  feedNames.reduce((total, feed) => total + account[feed][of], 0);
const today = () => ({
  from: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10),
  to: new Date().toISOString().slice(0, 10),
});
const stop = new AbortController().signal;

test(
  'a post counts once, whichever door it came through and however often; the latest arrival wins',
  async () => {
    const once = await postThroughBoth();
    const before = await storedPosts();
    for (const feed of feedNames) {
      const bySource = Map.groupBy(once[feed].fates, ({ coordinate }) => coordinate.source);
      const rows = (source: 'kafka' | 'kinesis', fate?: string) =>
        (bySource.get(source) ?? []).filter((row) => fate === undefined || row.fate === fate).length;
      expect(rows('kafka')).toBe(rows('kinesis'));
      expect(rows('kafka', 'quarantined')).toBe(rows('kinesis', 'quarantined'));
      expect(rows('kafka', 'quarantined')).toBeGreaterThan(0);
      expect(once[feed].superseded).toBe(0);
    }
    // No row is missing, so none has a greater key than what is stored: each stored part is applied by one row.
    expect({ missing: sum(once, 'missing'), applied: sum(once, 'applied') }).toEqual({
      missing: 0,
      applied: partsOf(before),
    });

    const twice = await postThroughBoth();
    expect(await storedPosts()).toEqual(before);
    expect({ rows: sum(twice, 'rows'), applied: sum(twice, 'applied'), missing: sum(twice, 'missing') }).toEqual({
      rows: sum(once, 'rows') * 2,
      applied: sum(once, 'applied'),
      missing: 0,
    });
  },
  limitMs,
);

test(
  'rows of a topic that a rule refuses are redriven under their coordinates',
  async () => {
    const objects = await listObjects(clients, names.quarantineBucket, quarantinePrefix('speed'));
    const ofTopics = objects.filter(({ key }) => key.includes('/kafka~demo.'));
    const kept = ofTopics.map((object) => ({ ...object, kind: 'quarantined' as const }));
    const { ends } = await redriveAll(clients, names.redriveFunction, kept);
    expect(ends).toMatchObject({ stays: ofTopics.length, failed: 0, unreadable: 0 });
  },
  limitMs,
);

test(
  'a backfill stores again what was lost, and the second changes nothing',
  async () => {
    const before = await storedPosts();
    const [[ind] = [0]] = before;
    await clients.dynamodb.send(new DeleteCommand({ TableName: names.postsTable, Key: { ind } }));
    const objects = await objectsToBackfill(clients, names, today());
    expect(objects.filter(({ key }) => key.includes('/demo.')).length).toBeGreaterThan(0);
    expect(objects.filter(({ key }) => key.includes('/streaming-demo-')).length).toBeGreaterThan(0);

    const changed = async () => {
      const { feeds, failures } = await backfillPosts(clients, names.batch!.backfillFunction, objects, { stop });
      expect(failures).toEqual([]);
      return feedNames.reduce((total, feed) => total + feeds[feed].changed, 0);
    };
    expect(await changed()).toBeGreaterThan(0);
    expect(await storedPosts()).toEqual(before);
    expect(await changed()).toBe(0);
  },
  limitMs,
);
