import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { readArguments } from '../../cli/arguments.ts';
import reset from '../../cli/reset.ts';
import { writeAddresses } from '../../local/addresses.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pinflow reset '));
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const run = () => reset.run(readArguments(reset.line, ['--state', folder, '--yes']));

test('the state of a start is deleted, and of one that did not get far', async () => {
  writeAddresses(folder, { endpoint: 'http://127.0.0.1:1', api: 'http://127.0.0.1:2' });
  writeFileSync(join(folder, 'calls.jsonl'), '');
  expect(await run()).toBe(0);
  expect(existsSync(folder)).toBe(false);
  mkdirSync(join(folder, 'cdk.out'), { recursive: true });
  expect(await run()).toBe(0);
  expect(existsSync(folder)).toBe(false);
});

test('a folder of anything else is refused, and stays as it was', async () => {
  for (const name of ['cdk.out', 'package.json']) writeFileSync(join(folder, name), '');
  await expect(run()).rejects.toThrow(`${folder} holds no state of a start.`);
  expect(existsSync(join(folder, 'package.json'))).toBe(true);
});
