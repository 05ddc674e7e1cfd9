import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { processIdentity } from '../../../local/process-identity.ts';
import { StateLock } from '../../../local/state-lock.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-lock-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const leave = (file: string, content: object): void => {
  mkdirSync(dirname(join(directory, file)), { recursive: true });
  writeFileSync(join(directory, file), JSON.stringify(content));
};

test('a second runtime on the same state is refused, with the pid of the first and the option', async () => {
  const lock = await StateLock.take(directory);
  await expect(StateLock.take(directory)).rejects.toThrow(new RegExp(`pid ${process.pid} uses the state in .*--state`));
  lock.release();
  (await StateLock.take(directory)).release();
  expect(readdirSync(directory)).toEqual([]);
});

const engine = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);

test('the lock of a dead runtime is taken over and the engines it left are ended', async () => {
  const child = engine();
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  leave('runtime.json', { pid: process.pid, identity: 'an earlier process with this id' });
  leave('engines/ministack.pid', { pid: child.pid, identity: processIdentity(child.pid!) });
  const lock = await StateLock.take(directory);
  expect(await ended).toBe('SIGTERM');
  expect(readdirSync(join(directory, 'engines'))).toEqual([]);
  lock.release();
});

test('a process that only has the id of a dead engine is left alone', async () => {
  const stranger = engine();
  leave('engines/ministack.pid', { pid: stranger.pid, identity: 'another process' });
  (await StateLock.take(directory)).release();
  expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  stranger.kill();
});

test('a half-written lock file is no lock', async () => {
  writeFileSync(join(directory, 'runtime.json'), '{"pid":');
  (await StateLock.take(directory)).release();
});
