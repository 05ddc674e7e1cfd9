import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { processIdentity } from '../../../local/process-identity.ts';

const WORKER_PROCESS = pathToFileURL(
  join(import.meta.dirname, '../../../local/services/lambda/worker-process.ts'),
).href;

test('a worker whose handler never yields ends soon after its runtime was killed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  writeFileSync(join(directory, 'index.js'), 'exports.handler = async () => { console.log(process.pid); for (;;); }');
  const main = join(directory, 'main.mjs');
  writeFileSync(
    main,
    `import { WorkerProcess } from ${JSON.stringify(WORKER_PROCESS)};
    const directory = ${JSON.stringify(directory)};
    const worker = new WorkerProcess({
      directory, environment: { LAMBDA_TASK_ROOT: directory, _HANDLER: 'index.handler' },
      memoryMb: 256, timeoutMs: 60_000, line: (text) => console.log(text),
    });
    await worker.load();
    void worker.invoke('id', 'arn', '{}');`,
  );
  const runtime = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(runtime.stdout.setEncoding('utf8'), 'data');
  const pid = Number(String(line).trim().split('\t').at(-1));
  expect(processIdentity(pid)).toBeDefined();
  runtime.kill('SIGKILL');
  for (let i = 0; i < 600 && processIdentity(pid) !== undefined; i += 1) await sleep(50);
  expect(processIdentity(pid)).toBeUndefined();
  rmSync(directory, { recursive: true });
});
