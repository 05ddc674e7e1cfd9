import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { isAlive } from '../failure/child-runtime.ts';
import { Commands } from './commands.ts';

/** What the tests of faults type commands with. */
const scratch = mkdtempSync(join(tmpdir(), 'pinflow-commands-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const commands = (limitMs?: number) =>
  new Commands({ scratch, endpoint: '', awsConfig: '', stateDir: scratch, ...(limitMs !== undefined && { limitMs }) });

test('what a command prints is returned, and another exit code than the wanted one thrown with it', async () => {
  expect(await commands().run('echo one; echo two > /dev/stdout')).toBe('one\ntwo\n');
  expect(await commands().run('exit 3', 3)).toBe('');
  await expect(commands().run('echo said; echo why >&2; exit 3')).rejects.toThrow('exits with 3:\nsaid\nwhy');
});

test('a command that does not end is ended with all that it started', async () => {
  let message = '';
  let seconds = 1;
  // On a busy machine a shell may take longer than that to get to its first command.
  for (; !/^pid/m.test(message) && seconds < 200; seconds *= 4) {
    const sleeping = commands(seconds * 1_000).run('sleep 600 & echo pid $!; wait');
    message = await sleeping.then(String, ({ message }: Error) => message);
    expect(message).toContain(`It is ended after ${seconds} s.`);
  }
  const [, pid] = /^pid (\d+)$/m.exec(message)!;
  // Its output is closed a moment before it is gone.
  for (const end = Date.now() + 20_000; isAlive(Number(pid)) && Date.now() < end; ) await sleep(20);
  expect(isAlive(Number(pid))).toBe(false);
}, 120_000);
