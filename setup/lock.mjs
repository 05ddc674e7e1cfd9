// One set-up at a time for each user: two `npm` commands may start together.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs `work` while this process holds `directory`/setup.lock; waits for a living holder, replaces a dead one. */
export async function withLock(directory, work) {
  const file = join(directory, 'setup.lock');
  const release = () => holder(file) === process.pid && rmSync(file, { force: true });
  let told = false;
  while (!(await take(file))) {
    if (!told) console.log(`Waiting for another set-up (process ${holder(file)}) …`);
    told = true;
    await sleep(500);
  }
  process.once('exit', release);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));
  try {
    return await work();
  } finally {
    release();
  }
}

async function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const pid = holder(file);
    if (pid !== undefined && !alive(pid)) rmSync(file, { force: true });
    return false;
  }
  await sleep(50); // whoever found the same dead holder may have removed this lock
  return holder(file) === process.pid;
}

function holder(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
