import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { processIdentity } from '../../../local/process-identity.ts';

const started: number[] = [];
afterEach(() => {
  for (const pid of started) if (processIdentity(pid) !== undefined) process.kill(pid, 'SIGKILL');
});

const PARENT = `
  import { spawn } from 'node:child_process';
  import { guard } from ${JSON.stringify(require.resolve('../../../local/engines/guard.ts'))};
  const engine = spawn(process.execPath, ['-e', process.argv[1]], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] });
  guard(engine);
  setInterval(() => {}, 1_000);
`;

test.each([
  ['that ends when asked', ''],
  ['that does not', "process.on('SIGTERM', () => {});"],
])('an engine %s ends with a runtime that is killed', async (_, habit) => {
  const engine = `${habit} console.log(process.pid); setInterval(() => {}, 1_000)`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT, engine], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(parent.pid!);
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  const pid = Number(line);
  started.push(pid);
  const identity = processIdentity(pid);
  parent.kill('SIGKILL');
  while (processIdentity(pid) === identity) await sleep(50);
  expect(processIdentity(pid)).not.toBe(identity);
});
