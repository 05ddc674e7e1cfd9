import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, account } from '../../../cli/accounting/account.ts';
import { type DeployedNames, deployedNames } from '../../../cli/accounting/deployed-names.ts';
import { missingRows } from '../../../cli/accounting/print.ts';
import { type Clients, clientsAt } from '../../../cli/aws.ts';
import { httpDoor } from '../../../cli/emulator/door.ts';
import { type Emulation, emulate, type LoggedAnswer } from '../../../cli/emulator/emulate.ts';
import { freePort } from '../../../local/engines/free-port.ts';
import { processIdentity } from '../../../local/process-identity.ts';
import type { RuntimeOptions } from '../../../local/start.ts';
import { pythonPath } from '../../../setup/paths.mjs';

/** @default - of the engines' installations: none, for templates without the batch path */
export interface ChildOptions extends Pick<RuntimeOptions, 'kafka' | 'spark' | 'trino'> {
  readonly assembly: string;
  readonly stateDir: string;
  readonly port: number;
  readonly apiPort: number;
}

/** The runtime as a child process: it can be killed, and started again on the same state and ports. */
export class ChildRuntime {
  readonly #options: ChildOptions;
  readonly clients: Clients;
  #child: ChildProcess | undefined;
  /** What the processes logged. */
  log = '';

  constructor(options: ChildOptions) {
    this.#options = options;
    this.clients = clientsAt(`http://127.0.0.1:${options.port}`);
  }

  /** @throws Error with the log when the runtime does not start */
  async start(): Promise<void> {
    const child = fork(
      join(import.meta.dirname, 'run-runtime.ts'),
      [JSON.stringify({ ...this.#options, python: pythonPath() })],
      { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    );
    this.#child = child;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    const ended = once(child, 'close').then(() => false);
    if (!(await Promise.race([once(child, 'message').then(() => true), ended]))) {
      throw new Error(`The runtime ended with ${child.exitCode ?? child.signalCode}: ${this.log}`);
    }
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.#options.apiPort}/prod`;
  }

  async kill(): Promise<void> {
    const exited = once(this.#child!, 'exit');
    this.#child!.kill('SIGKILL');
    await exited;
  }

  /** Ends it in order, if it runs. */
  async stop(): Promise<void> {
    this.clients.close();
    if (this.#child?.connected !== true || this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }

  /** The worker processes of Lambda functions that run now. */
  workers(): number[] {
    return childrenOf(this.pid)
      .filter(({ command }) => command.includes('worker.mjs'))
      .map(({ pid }) => pid);
  }

  /** The S3 engine; undefined when its runtime has ended it. */
  engine(): number | undefined {
    const file = join(this.#options.stateDir, 'engines', 'ministack.pid');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid : undefined;
  }

  names(): Promise<DeployedNames> {
    return deployedNames(this.clients, 'demo');
  }

  /** Sends posts as the emulator does, again and again until they are taken. `onAnswer` may break things meanwhile. */
  async post(
    posts: Emulation['posts'],
    onAnswer: (answers: number) => void = () => {},
  ): Promise<readonly LoggedAnswer[]> {
    const answers: LoggedAnswer[] = [];
    const send = httpDoor();
    await emulate({
      url: this.apiUrl,
      deployment: 'demo',
      posts,
      send,
      threads: 4,
      retry: { attempts: 600, firstDelayMs: 100, longestDelayMs: 500 },
      onAnswer: (answer) => {
        answers.push(answer);
        onAnswer(answers.length);
      },
    });
    send.close();
    return answers;
  }

  /** The account once no more than `left` rows are missing, or as it stands after `limitMs`. */
  async settled({ left = 0, limitMs = 240_000 } = {}): Promise<Account> {
    const names = await this.names();
    for (const end = Date.now() + limitMs; ; await sleep(400)) {
      const found = await account(this.clients, names);
      if (missingRows(found) <= left || Date.now() > end) return found;
    }
  }
}

/** False also for a process that ended and is not reaped yet. */
export const isAlive = (pid: number): boolean => processIdentity(pid) !== undefined;

export function childrenOf(parent: number): { pid: number; command: string }[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [, pid, ppid, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return Number(ppid) === parent ? [{ pid: Number(pid), command: command! }] : [];
  });
}

export const freePorts = (count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, () => freePort()));

export async function occupy(port: number): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return () => closed(server);
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
