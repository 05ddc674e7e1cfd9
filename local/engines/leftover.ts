import { globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from '../process-identity.ts';

const PROBE_EVERY_MS = 50;
/** For how long a process that is asked to end may take before it is killed. */
export const TERMINATE_LIMIT_MS = 3_000;

/** Ends the engines of a runtime that was killed and so could not stop them: those whose ids are in `<name>.pid`. */
export async function endLeftovers(directory: string): Promise<void> {
  await Promise.all(globSync('*.pid', { cwd: directory }).map((file) => endLeftover(join(directory, file))));
}

/** Ends the process that a file holds the id of, unless the id belongs to another one by now. */
export async function endLeftover(pidFile: string): Promise<void> {
  let left: { pid: number; identity?: string };
  try {
    left = JSON.parse(readFileSync(pidFile, 'utf8'));
  } catch {
    return;
  }
  const alive = () => left.identity !== undefined && processIdentity(left.pid) === left.identity;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!alive()) break;
    process.kill(left.pid, signal);
    const sent = performance.now();
    while (alive() && performance.now() - sent < TERMINATE_LIMIT_MS) await sleep(PROBE_EVERY_MS);
  }
  rmSync(pidFile, { force: true });
}
