import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { processIdentity } from '../../../local/process-identity.ts';
import { StateLock } from '../../../local/state-lock.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-lock-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const leave = (content: object) => writeFileSync(join(directory, 'runtime.json'), JSON.stringify(content));

test('a second runtime on the same state is refused, with the pid of the first and the option', async () => {
  const lock = await StateLock.take(directory);
  await expect(StateLock.take(directory)).rejects.toThrow(new RegExp(`pid ${process.pid} uses the state in .*--state`));
  lock.release();
  (await StateLock.take(directory)).release();
  expect(readdirSync(directory)).toEqual([]);
});

test('the lock of a dead runtime is taken over and the children it left are stopped', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  const children = [{ pid: child.pid, identity: processIdentity(child.pid!) }];
  leave({ pid: process.pid, identity: 'an earlier process with this id', children });
  const lock = await StateLock.take(directory);
  expect(await ended).toBe('SIGTERM');
  lock.release();
});

test('a process that only has the id of a dead child is left alone', async () => {
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  leave({ pid: 1, identity: 'gone', children: [{ pid: stranger.pid, identity: 'another process' }] });
  const lock = await StateLock.take(directory);
  lock.adopt(stranger.pid!);
  expect(JSON.parse(readFileSync(join(directory, 'runtime.json'), 'utf8'))).toMatchObject({
    pid: process.pid,
    children: [{ pid: stranger.pid }],
  });
  lock.release();
  expect(stranger.exitCode).toBeNull();
  stranger.kill();
});

test('a half-written lock file is no lock', async () => {
  writeFileSync(join(directory, 'runtime.json'), '{"pid":');
  (await StateLock.take(directory)).release();
});
