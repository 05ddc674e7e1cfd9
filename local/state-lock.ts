import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endLeftovers } from './engines/leftover.ts';
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

interface Owner {
  readonly pid: number;
  readonly identity: string | undefined;
}

/** `runtime.json` in the state directory: which process works on it. The engines that a killed one left are ended. */
export class StateLock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** @throws StateInUseError */
  static async take(stateDirectory: string): Promise<StateLock> {
    mkdirSync(stateDirectory, { recursive: true });
    const lock = new StateLock(join(stateDirectory, 'runtime.json'));
    const own: Owner = { pid: process.pid, identity: processIdentity(process.pid) };
    while (!lock.#create(own)) {
      const owner = lock.#read();
      if (owner?.identity !== undefined && processIdentity(owner.pid) === owner.identity) {
        throw new StateInUseError(owner.pid, stateDirectory);
      }
      rmSync(lock.#file, { force: true });
    }
    await endLeftovers(join(stateDirectory, 'engines'));
    return lock;
  }

  release(): void {
    rmSync(this.#file, { force: true });
  }

  #create(owner: Owner): boolean {
    try {
      writeFileSync(this.#file, `${JSON.stringify(owner)}\n`, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  #read(): Owner | undefined {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as Owner;
    } catch {
      return undefined;
    }
  }
}
