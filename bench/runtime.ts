import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Closing } from '../local/closing.ts';
import { Child } from './child.ts';
import type { RuntimeDuties, Started, StartOptions } from './processes/runtime.ts';

export interface Memory {
  /** `runtime`, `Lambda workers`, `MiniStack`, `Kafka`, `Kafka Connect`, `Trino`. */
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
    const kinds = new Map<string, { mib: number; processes: number }>();
    for (const { kind, mib } of this.#processes()) {
      const known = kinds.get(kind) ?? { mib: 0, processes: 0 };
      kinds.set(kind, { mib: known.mib + mib, processes: known.processes + 1 });
    }
    return [...kinds].map(([process, { mib, processes }]) => ({ process, mib: Math.round(mib), processes }));
  }

  /** Milliseconds of a processor taken so far, by kind of process; empty where the system does not tell (not Linux). */
  cpuMs(): ReadonlyMap<string, number> {
    const kinds = new Map<string, number>();
    for (const { kind, pid } of this.#processes()) {
      const ms = cpuMsOf(pid);
      if (ms !== undefined) kinds.set(kind, (kinds.get(kind) ?? 0) + ms);
    }
    return kinds;
  }

  #processes(): readonly Running[] {
    return processesOf(
      this.#child.pid,
      execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss=,args='], { encoding: 'utf8' }),
    );
  }
}

interface Running {
  readonly kind: string;
  readonly pid: number;
  readonly mib: number;
}

/** @param ps its lines: process id, parent's id, resident KiB, command */
export function processesOf(runtime: number, ps: string): readonly Running[] {
  return ps.split('\n').flatMap((line) => {
    const [, id, parent, kib, command] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    const pid = Number(id);
    if (pid !== runtime && Number(parent) !== runtime) return [];
    const kind = kindOf(pid === runtime, command!);
    return kind === undefined ? [] : [{ kind, pid, mib: Number(kib) / 1024 }];
  });
}

function kindOf(isRuntime: boolean, command: string): string | undefined {
  if (isRuntime) return 'runtime';
  return kinds.find(([, mark]) => command.includes(mark))?.[0];
}

const kinds = [
  ['MiniStack', 'ministack'],
  ['Lambda workers', 'worker.mjs'],
  ['Kafka', ' kafka.Kafka '],
  ['Kafka Connect', 'ConnectDistributed'],
  ['Trino', 'TrinoBoot'],
] as const;

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: `utime` and `stime`, in hundredths of a second. */
export function cpuMsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) * 10;
  } catch {
    return undefined;
  }
}
