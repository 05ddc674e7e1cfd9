import { execFileSync } from 'node:child_process';
import type { Closing } from '../local/closing.ts';
import { Child } from './child.ts';
import type { RuntimeDuties, Started, StartOptions } from './processes/runtime.ts';

export interface Memory {
  /** `runtime`, `Lambda worker`, `MiniStack`. */
  readonly process: string;
  /** Resident, in MiB; of several processes of a kind, all of them. */
  readonly mib: number;
  readonly processes: number;
}

/** A runtime in a process of its own. */
export class HostedRuntime {
  readonly #child = new Child<RuntimeDuties>('runtime.ts');

  constructor(closing: Closing) {
    closing.add('the runtime', () => this.stop());
  }

  start(options: StartOptions): Promise<Started> {
    return this.#child.ask('start', options);
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  profile(): Promise<void> {
    return this.#child.ask('profile');
  }

  /** Writes what was profiled since. */
  profiled(file: string): Promise<void> {
    return this.#child.ask('profiled', file);
  }

  memory(): readonly Memory[] {
    return memoryOf(this.#child.pid, execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss=,args='], { encoding: 'utf8' }));
  }
}

/** @param ps its lines: process id, parent's id, resident KiB, command */
export function memoryOf(runtime: number, ps: string): readonly Memory[] {
  const kinds = new Map<string, { mib: number; processes: number }>();
  for (const line of ps.split('\n')) {
    const [, pid, parent, kib, command] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (Number(pid) !== runtime && Number(parent) !== runtime) continue;
    const kind = kindOf(Number(pid) === runtime, command!);
    if (kind === undefined) continue;
    const known = kinds.get(kind) ?? { mib: 0, processes: 0 };
    kinds.set(kind, { mib: known.mib + Number(kib) / 1024, processes: known.processes + 1 });
  }
  return [...kinds].map(([process, { mib, processes }]) => ({ process, mib: Math.round(mib), processes }));
}

function kindOf(isRuntime: boolean, command: string): string | undefined {
  if (isRuntime) return 'runtime';
  if (command.includes('ministack')) return 'MiniStack';
  return command.includes('worker.mjs') ? 'Lambda workers' : undefined;
}
