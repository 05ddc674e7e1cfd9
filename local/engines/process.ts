import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from '../process-identity.ts';
import { FollowedLog } from './followed-log.ts';
import { guard } from './guard.ts';
import { endLeftover, TERMINATE_LIMIT_MS } from './leftover.ts';

export interface EngineOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** @default - this process's own */
  readonly workingDirectory?: string;
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Keeps the id of the process (`<name>.pid`) and its output (`<name>.log`). */
  readonly directory: string;
  /** Whether it answers. */
  readonly probe: () => Promise<boolean>;
  /** Run each time that it has begun to answer, before `ready` resolves. */
  readonly prepared?: () => Promise<void>;
  readonly readyLimitMs: number;
  readonly log: (line: string) => void;
  /** Told what it prints, line by line and within bounds; the file has all. @default - nobody is */
  readonly output?: (line: string) => void;
}

/** An engine does not start. */
export class EngineError extends Error {
  constructor(name: string, problem: string, logFile: string) {
    super(`${name} ${problem}. Its output is in ${logFile}.`);
    this.name = 'EngineError';
  }
}

const PROBE_EVERY_MS = 50;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A process that lived this long did not die of how it was started. */
const STABLE_MS = 30_000;

/** A server in a process of its own, started again when it dies. */
export class EngineProcess {
  readonly #options: EngineOptions;
  readonly #pidFile: string;
  readonly #logFile: string;
  #child: ChildProcess | undefined;
  #ready: Promise<void> = Promise.resolve();
  #followed: FollowedLog | undefined;
  #stopping = false;
  /** Counts its stops: what was about to be started again for an earlier life is not. */
  #life = 0;
  #deaths = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#pidFile = join(options.directory, `${options.name}.pid`);
    this.#logFile = join(options.directory, `${options.name}.log`);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Also once it was stopped. @throws EngineError when it ends, or does not answer in time */
  async start(): Promise<void> {
    this.#stopping = false;
    mkdirSync(this.#options.directory, { recursive: true });
    await endLeftover(this.#pidFile);
    if (this.#stopping) return;
    const { output } = this.#options;
    if (output) this.#followed = new FollowedLog({ file: this.#logFile, line: output });
    this.#ready = this.#launch();
    await this.#ready;
  }

  /** Resolves when it answers, also while it is started again. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** It stays down until `start`. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#life += 1;
    const child = this.#child;
    if (child?.pid !== undefined && this.running) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), TERMINATE_LIMIT_MS);
      await ended;
      clearTimeout(kill);
    }
    rmSync(this.#pidFile, { force: true });
    this.#followed?.close();
    this.#followed = undefined;
  }

  async #launch(): Promise<void> {
    const { name, command, args, workingDirectory: cwd, environment, probe, prepared, readyLimitMs } = this.#options;
    const output = openSync(this.#logFile, 'a');
    // Detached, so that Ctrl-C in a terminal reaches this process alone, which then stops the engine in its turn.
    const child = spawn(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...environment },
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    guard(child);
    this.#child = child;
    let failure: string | undefined;
    child.once('error', (error) => {
      failure = `cannot be started: ${error.message}`;
    });
    child.once('exit', (code, signal) => {
      failure ??= `ended with ${signal ?? `exit code ${code}`}`;
    });
    if (child.pid !== undefined) {
      writeFileSync(this.#pidFile, JSON.stringify({ pid: child.pid, identity: processIdentity(child.pid) }));
    }
    const started = performance.now();
    while (failure === undefined && !(await probe())) {
      if (performance.now() - started > readyLimitMs) failure = `does not answer after ${readyLimitMs} ms`;
      else await sleep(PROBE_EVERY_MS);
    }
    if (failure !== undefined) {
      child.kill('SIGKILL');
      throw new EngineError(name, failure, this.#logFile);
    }
    try {
      await prepared?.();
    } catch (error) {
      // It would keep the port from the next one.
      child.kill('SIGKILL');
      throw error;
    }
    if (child.exitCode !== null || child.signalCode !== null) this.#died(started);
    else child.once('exit', () => this.#died(started));
  }

  #died(started: number): void {
    if (this.#stopping) return;
    const { name, log } = this.#options;
    if (performance.now() - started > STABLE_MS) this.#deaths = 0;
    log(`${name} died and is started again. Its output is in ${this.#logFile}.`);
    this.#ready = this.#launchAgain();
    // Whoever waits for it is told; nobody may be waiting.
    this.#ready.catch(() => {});
  }

  async #launchAgain(): Promise<void> {
    const life = this.#life;
    for (;;) {
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#deaths));
      this.#deaths += 1;
      if (this.#life !== life) return;
      try {
        return await this.#launch();
      } catch (error) {
        if (this.#life !== life) return;
        this.#options.log((error as Error).message);
      }
    }
  }
}
