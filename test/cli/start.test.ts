import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { readArguments } from '../../cli/arguments.ts';
import start from '../../cli/start.ts';
import { StateLock } from '../../local/state-lock.ts';

test('a start beside a runtime of the same state leaves the templates that it runs', async () => {
  const state = mkdtempSync(join(tmpdir(), 'pinflow start '));
  jest.spyOn(console, 'log').mockImplementation(() => {});
  const lock = await StateLock.take(state);
  try {
    mkdirSync(join(state, 'cdk.out'));
    writeFileSync(join(state, 'cdk.out', 'manifest.json'), '{}');
    await expect(start.run(readArguments(start.line, ['--state', state]))).rejects.toThrow(
      `The runtime with pid ${process.pid} uses the state in ${state}.`,
    );
    expect(existsSync(join(state, 'cdk.out', 'manifest.json'))).toBe(true);
  } finally {
    lock.release();
    jest.restoreAllMocks();
    rmSync(state, { recursive: true, force: true });
  }
});

test('a state that cannot be written is told with its option', async () => {
  const file = join(import.meta.dirname, 'start.test.ts');
  await expect(start.run(readArguments(start.line, ['--state', join(file, 'state')]))).rejects.toThrow(/^--state: /);
});
