import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import accountCommand from '../../cli/account.ts';
import { parkedRows, settledAccount } from '../../cli/accounting/account.ts';
import { deployedNames } from '../../cli/accounting/deployed-names.ts';
import { readArguments } from '../../cli/arguments.ts';
import { type Clients, clientsAt } from '../../cli/aws.ts';
import type { Command } from '../../cli/command.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { emulate } from '../../cli/emulator/emulate.ts';
import { syntheticPost } from '../../cli/emulator/posts.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import quarantineCommand from '../../cli/quarantine.ts';
import redriveCommand from '../../cli/redrive.ts';
import { synthesize } from '../../cli/synth.ts';
import { type Runtime, startRuntime } from '../../local/start.ts';
import type { Template } from '../../local/template/assembly.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Post } from '../../model/post.ts';
import { type QuarantinedRow, quarantineKey } from '../../model/quarantine.ts';
import { pythonPath } from '../../setup/paths.mjs';

const limitMs = 300_000;
let root: string;
let assembly: string;
let runtime: Runtime | undefined;
let clients: Clients;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow redrive '));
  ({ directory: assembly } = await synthesize(join(root, 'synth'), { batchPath: 'off' }));
}, limitMs);
afterEach(stop, limitMs);
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function start(state: string, directory = assembly): Promise<void> {
  const stateDir = join(root, state);
  runtime = await startRuntime({ assembly: directory, stateDir, python: pythonPath(), port: 0, apiPort: 0 });
  clients = clientsAt(runtime.endpoint);
}

async function stop(): Promise<void> {
  clients?.close();
  await runtime?.stop();
  runtime = undefined;
}

/** Runs a command as the command line does. */
async function run(command: Command, ...args: string[]): Promise<{ code: number; out: string }> {
  const lines: string[] = [];
  const printed = (['log', 'error'] as const).map((method) =>
    jest.spyOn(console, method).mockImplementation((...texts: unknown[]) => lines.push(texts.join(' ')) as never),
  );
  try {
    const code = await command.run(readArguments(command.line, [...args, '--endpoint', runtime!.endpoint]));
    return { code, out: lines.join('\n') };
  } finally {
    for (const spy of printed) spy.mockRestore();
  }
}

const settled = async () => settledAccount(clients, await deployedNames(clients, 'demo'), { waitMs: 90_000 });

test(
  'what a failing function left behind is taken up once it is mended',
  async () => {
    const broken = join(root, 'broken');
    cpSync(assembly, broken, { recursive: true });
    const file = join(broken, 'pinflow-demo-speed.template.json');
    const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
    for (const { Type, Properties = {} } of Object.values(template.Resources)) {
      if (Type === 'AWS::Lambda::EventSourceMapping') Object.assign(Properties, { MaximumRetryAttempts: 0 });
      const variables = (Properties as { Environment?: { Variables?: Record<string, unknown> } }).Environment
        ?.Variables;
      if (variables?.['POWERTOOLS_SERVICE_NAME'] === 'clean') variables['POSTS_TABLE'] = 'nowhere';
    }
    writeFileSync(file, JSON.stringify(template));
    await start('parked', broken);
    const send = httpDoor();
    const posts = syntheticPosts({ seed: 5, count: 8, dirty: 0.3, duplicates: 0.3 });
    await emulate({ url: `${runtime!.apiUrl}/prod`, deployment: 'demo', posts, send, threads: 2, onAnswer: () => {} });
    send.close();

    const given = await settled();
    expect(parkedRows(given)).toBeGreaterThan(20);
    expect(given.pin).toMatchObject({ applied: 0, missing: 0, lost: new Set() });
    const told = await run(accountCommand);
    expect(told).toMatchObject({
      code: 1,
      out: expect.stringMatching(/rows are in batches that were given up: npm run redrive/),
    });
    expect((await run(quarantineCommand, 'list')).out).toMatch(/Given up besides: \d+ records in \d+ batches/);
    await stop();

    await start('parked');
    expect((await run(redriveCommand, '--dry-run')).out).toContain('Nothing was changed.');
    expect(parkedRows(await settled())).toBe(parkedRows(given));
    const pinOnly = await run(redriveCommand, '--feed', 'pin');
    expect(pinOnly).toMatchObject({ code: 0, out: expect.stringMatching(/geo +0 +0[\s\S]*left quarantine/) });
    const between = await settled();
    expect(between.pin.parked).toBe(0);
    expect(between.geo.parked).toBe(given.geo.parked);

    expect((await run(redriveCommand)).code).toBe(0);
    const after = await settled();
    for (const feed of ['pin', 'geo', 'user'] as const) {
      const { rows, applied, duplicate, superseded, quarantined, parked, missing } = after[feed];
      expect({ parked, missing, rows }).toEqual({
        parked: 0,
        missing: 0,
        rows: applied + duplicate + superseded + quarantined,
      });
      expect(applied).toBeGreaterThan(0);
    }
    expect((await run(accountCommand)).code).toBe(0);

    const { quarantineBucket } = await deployedNames(clients, 'demo');
    const Key = 'aws/lambda/5f3c0b1e/shardId-00000001795269305000-8a9c1f02/2026/11/21/2026-11-21T10.00.00-1';
    await clients.s3.send(new PutObjectCommand({ Bucket: quarantineBucket, Key, Body: '{"payload":"{}"}' }));
    const remedy =
      '1 change of posts, or batch of them, was given up: no row is missing, but counters miss them. npm run rebuild';
    expect(await run(accountCommand)).toMatchObject({ code: 1, out: expect.stringContaining(remedy) });
    expect(await run(redriveCommand)).toMatchObject({ code: 0, out: expect.stringContaining(remedy) });
    expect((await run(quarantineCommand, 'list')).out).toContain(remedy);

    const again = await run(redriveCommand);
    expect(again.out).toMatch(/objects: \d+ stay, refused by today’s rules$/);
    expect((await settled()).pin.fates).toEqual(after.pin.fates);
  },
  limitMs,
);

test(
  'rows that older rules refused are stored under their coordinates, what is refused today stays with the newer reason',
  async () => {
    await start('older');
    const { quarantineBucket: Bucket, postsTable, streams } = await deployedNames(clients, 'demo');
    const arrival = '2026-01-02T03:04:05.678Z';
    const old = (offset: string, position: number, row: unknown): QuarantinedRow => ({
      coordinate: { source: 'kinesis', topic: streams.geo, partition: 'shardId-000000000009', offset, position },
      feed: 'geo',
      arrival,
      rule: 'range',
      field: 'latitude',
      reason: 'An older reason.',
      rulesVersion: 0,
      quarantinedAt: arrival,
      rawBase64: Buffer.from(JSON.stringify(row)).toString('base64'),
    });
    const keyOf = ({ coordinate }: QuarantinedRow) => quarantineKey('speed', 'geo', Date.parse(arrival), coordinate);
    const good = old('700', 3, syntheticPost(5, 1).geo);
    const bad = old('701', 0, { ...syntheticPost(5, 2).geo, latitude: 91 });
    for (const kept of [good, bad]) {
      await clients.s3.send(new PutObjectCommand({ Bucket, Key: keyOf(kept), Body: JSON.stringify(kept) }));
    }
    await clients.s3.send(new PutObjectCommand({ Bucket, Key: 'quarantine/speed/geo/strange.json', Body: '{}' }));
    const object = async (Key: string) => {
      const { Body, LastModified } = await clients.s3.send(new GetObjectCommand({ Bucket, Key }));
      return { ...(JSON.parse(await Body!.transformToString()) as QuarantinedRow), LastModified };
    };

    const listed = await run(quarantineCommand, 'list', '--rule', 'range', '--since', '2026-01-02');
    expect(listed.out).toMatch(/speed +geo +2\n/);
    expect(listed.out).toContain(
      `${streams.geo}/shardId-000000000009/700/3  ${arrival}  range (latitude): An older reason.`,
    );
    expect((await run(quarantineCommand, 'list', '--since', '2026-01-03')).out).toContain('No row is in quarantine');
    expect((await run(quarantineCommand, 'list', '--rule', 'range', '--json', '--limit', '1')).out).toContain(
      '"rawBase64"',
    );
    const shown = await run(quarantineCommand, 'show', `kinesis/${streams.geo}/shardId-000000000009/700/3`);
    expect(shown.out).toContain('accepted: npm run redrive stores it');
    expect(shown.out).toContain(JSON.stringify(syntheticPost(5, 1).geo));
    expect((await run(quarantineCommand, 'show', keyOf(bad))).out).toMatch(/today +refused: range: .*latitude/);
    expect((await run(quarantineCommand, 'show', 'kinesis/a/b/1/0')).code).toBe(1);

    const batchKey = quarantineKey('batch', 'geo', Date.parse(arrival), old('702', 0, {}).coordinate);
    const onlyBatch = old('702', 0, syntheticPost(5, 3).geo);
    for (const [Key, kept] of [
      [batchKey, onlyBatch],
      [keyOf(bad).replace('/speed/', '/batch/'), bad],
    ] as const) {
      await clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: JSON.stringify(kept) }));
    }
    const both = (await run(quarantineCommand, 'list', '--rule', 'range')).out;
    expect(both).toMatch(/batch +geo +2\n/);
    expect(both).toMatch(/speed +geo +2\n/);
    expect((await run(quarantineCommand, 'list', '--layer', 'batch')).out).not.toContain('speed');
    const ofBatch = await run(quarantineCommand, 'show', `kinesis/${streams.geo}/shardId-000000000009/702/0`);
    expect(ofBatch.out).toContain('accepted: npm run batch -- --from 2026-01-02 --to 2026-01-02 stores it');

    const remark =
      '1 row that only the batch layer refused is mended by a run over the dates of arrival: npm run batch -- --from 2026-01-02 --to 2026-01-02';
    expect((await run(redriveCommand, '--dry-run')).out).toContain(remark);
    expect((await run(redriveCommand, '--dry-run')).out).toMatch(/geo +2 +0 +2 +1 +1\n/);
    const redriven = await run(redriveCommand, '--rule', 'range');
    expect(redriven.out).toMatch(/geo +2 +1 +0 +0 +1\n/);
    expect(redriven.out).toContain('objects: 1 left quarantine, 1 stay, refused by today’s rules');

    const { Item } = await clients.dynamodb.send(new GetCommand({ TableName: postsTable, Key: { ind: 1 } }));
    expect((Item as Post).geo!.k).toBe(
      `${Date.parse(arrival)}#kinesis#${streams.geo}#shardId-000000000009#${'700'.padStart(56, '0')}#000003`,
    );
    await expect(object(keyOf(good))).rejects.toThrow('does not exist');
    const stays = await object(keyOf(bad));
    expect(stays).toMatchObject({
      coordinate: bad.coordinate,
      arrival,
      rule: 'range',
      reason: expect.stringContaining('91'),
      rulesVersion: feeds.geo.rules,
      rawBase64: bad.rawBase64,
    });

    const again = await run(redriveCommand, '--rule', 'range');
    expect(again.out).toContain('objects: 1 stay, refused by today’s rules');
    expect(await object(keyOf(bad))).toEqual(stays);
    expect(await run(redriveCommand, '--rule', 'timestamp')).toMatchObject({
      code: 0,
      out: expect.stringContaining('There is nothing to redrive.'),
    });
  },
  limitMs,
);
