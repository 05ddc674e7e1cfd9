import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from './process-identity.ts';

/** Another runtime works on the same state. */
export class StateInUseError extends Error {
  constructor(pid: number, stateDirectory: string) {
    super(
      `The runtime with pid ${pid} uses the state in ${stateDirectory}. Stop it, or choose another folder with --state <folder>.`,
    );
    this.name = 'StateInUseError';
  }
}

interface Known {
  readonly pid: number;
  readonly identity: string;
}

interface LockFile extends Known {
  readonly children: readonly Known[];
}

const STOP_MS = 3000;

/**
 * `runtime.json` in the state directory: which process works on it, and which children it has. Children of a runtime
 * that died without stopping them are stopped when the next one takes the lock.
 */
export class StateLock {
  readonly #file: string;
  #children: readonly Known[] = [];

  private constructor(file: string) {
    this.#file = file;
  }

  /** @throws StateInUseError */
  static async take(stateDirectory: string): Promise<StateLock> {
    mkdirSync(stateDirectory, { recursive: true });
    const lock = new StateLock(join(stateDirectory, 'runtime.json'));
    for (;;) {
      try {
        writeFileSync(lock.#file, lock.#content(), { flag: 'wx' });
        return lock;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const left = lock.#read();
      if (left !== undefined && isRunning(left)) throw new StateInUseError(left.pid, stateDirectory);
      await Promise.all((left?.children ?? []).map(stop));
      rmSync(lock.#file, { force: true });
    }
  }

  /** Records a child process, to be stopped by the next runtime if this one dies. */
  adopt(pid: number): void {
    const identity = processIdentity(pid);
    if (identity === undefined) return;
    this.#children = [...this.#children.filter(isRunning), { pid, identity }];
    writeFileSync(`${this.#file}.new`, this.#content());
    renameSync(`${this.#file}.new`, this.#file);
  }

  release(): void {
    rmSync(this.#file, { force: true });
  }

  #content(): string {
    const own: LockFile = {
      pid: process.pid,
      identity: processIdentity(process.pid) ?? '',
      children: this.#children,
    };
    return `${JSON.stringify(own)}\n`;
  }

  #read(): LockFile | undefined {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as LockFile;
    } catch {
      return undefined;
    }
  }
}

function isRunning({ pid, identity }: Known): boolean {
  return identity !== '' && processIdentity(pid) === identity;
}

async function stop(known: Known): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isRunning(known)) return;
    process.kill(known.pid, signal);
    for (let waited = 0; waited < STOP_MS && isRunning(known); waited += 50) await delay(50);
  }
}
