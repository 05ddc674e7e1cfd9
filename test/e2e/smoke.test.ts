import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { synthesize } from '../../cli/synth.ts';
import { type Runtime, startRuntime } from '../../local/start.ts';
import { projectDir } from '../../setup/paths.mjs';
import { withoutDailyRun } from './daily-run.ts';
import { onRealEngines } from './real-engines.ts';

/** What is to be run against AWS, run against this machine. */
const limitMs = 900_000;
let root: string;
let runtime: Runtime | undefined;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pinflow-smoke-'));
  const { directory } = await synthesize(join(root, 'synth'), { batchPath: 'on' });
  withoutDailyRun(directory);
  const stateDir = join(root, 'state');
  runtime = await startRuntime({
    assembly: directory,
    stateDir,
    ...onRealEngines(),
  });
}, limitMs);
afterAll(async () => {
  await runtime?.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 10 });
}, limitMs);

test(
  'every check of smoke passes here, none is skipped',
  async () => {
    const { apiUrl, endpoint } = runtime!;
    const args = ['cli/pinflow.ts', 'smoke', '--url', `${apiUrl}/prod/`, '--endpoint', endpoint, '--wait', '240'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: projectDir }).catch(({ stdout }) => ({
      stdout,
    }));
    const lines = String(stdout).split('\n');
    expect(lines.filter((line) => /^ {2}(FAIL|skip)/.test(line))).toEqual([]);
    expect(lines.filter((line) => /^ {2}pass {2}(topics|batch)/.test(line))).toHaveLength(11);
    expect(lines.filter((line) => /^ {2}pass {2}look .* widgets$/.test(line))).toHaveLength(3);
    expect(lines.at(-2)).toMatch(/^(\d\d) of \1 checks passed\.$/);
  },
  limitMs,
);
