import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { TERMINATE_LIMIT_MS } from './leftover.ts';

/** Reads to the end of its standard input, which only this process holds open: when that comes, this process is gone. */
const SCRIPT = 'read -r _; kill -s TERM -- "-$1"; sleep "$2"; kill -s KILL -- "-$1"';

/** Has an engine, the leader of a group of processes, end with this process, however that ends. */
export function guard(engine: ChildProcess): void {
  if (engine.pid === undefined) return;
  const args = ['-c', SCRIPT, 'guard', String(engine.pid), String(TERMINATE_LIMIT_MS / 1_000)];
  const watcher = spawn('/bin/sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Without a shell, the next start on the same state ends what was left.
  watcher.once('error', () => {});
  watcher.unref();
  (watcher.stdin as Socket).unref();
  engine.once('exit', () => watcher.kill('SIGKILL'));
}
