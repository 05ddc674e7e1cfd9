import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { EngineProcess } from '../../../local/engines/process.ts';

const directory = mkdtempSync(join(tmpdir(), 'pinflow-engine-'));
const starts = () => readFileSync(join(directory, 'idler.log'), 'utf8').split('\n').filter(Boolean);
const told: string[] = [];

const engine = new EngineProcess({
  name: 'idler',
  command: process.execPath,
  args: ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)'],
  environment: {},
  directory,
  // It answers once it has said its id.
  probe: async () => starts().includes(String(engine.pid)),
  readyLimitMs: 15_000,
  log: (line) => told.push(line),
});

afterEach(async () => {
  await engine.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('an engine that dies is started again; one that is stopped stays down until it is started', async () => {
  await engine.start();
  const first = engine.pid!;
  process.kill(first, 'SIGKILL');
  while (told.length === 0) await sleep(10);
  await engine.ready();
  expect([engine.running, engine.pid === first, starts().length]).toEqual([true, false, 2]);

  process.kill(engine.pid!, 'SIGKILL');
  while (told.length === 1) await sleep(10);
  // It would have been started again after a pause.
  await engine.stop();
  await sleep(600);
  expect([engine.running, starts().length]).toEqual([false, 2]);

  await engine.start();
  expect([engine.running, starts().length]).toEqual([true, 3]);
});
