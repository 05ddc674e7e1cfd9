import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { SparkRun } from '../../../local/engines/spark.ts';
import { processIdentity } from '../../../local/process-identity.ts';

test('what a script has started ends with it, though it does not end when asked', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  const script = join(directory, 'script.sh');
  writeFileSync(script, `sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & wait`);
  const lines: string[] = [];
  const run = new SparkRun({
    installation: { python: '/bin/sh', javaHome: directory, jars: [], modules: [], cacheDir: directory },
    id: 'run',
    directory: join(directory, 'run'),
    engines: join(directory, 'engines'),
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    accessKeyId: 'a',
    secretAccessKey: 's',
    script,
    pythonFiles: [],
    arguments: [],
    conf: {},
    output: (line) => lines.push(line),
    error: () => {},
  });
  while (lines.length === 0) await sleep(20);
  const pid = Number(lines[0]);
  run.stop();
  expect(await run.ended).toContain('SIGTERM');
  for (let tries = 0; tries < 100 && processIdentity(pid) !== undefined; tries += 1) await sleep(100);
  expect(processIdentity(pid)).toBeUndefined();
  rmSync(directory, { recursive: true });
});
