import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface WorkerOptions {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** Told of each line that the worker prints. */
  readonly line: (text: string) => void;
}

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type Outcome =
  | { readonly status: 'success'; readonly payload: string }
  | { readonly status: 'error' | 'timeout'; readonly error: FunctionError };

type Message =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly payload: string }
  | { readonly kind: 'error' | 'init-error'; readonly error: FunctionError };

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));
const END_OF_INVOCATION = '\u0000';
/** Beyond it, Lambda starts the initialization anew as part of the first invocation. */
const INIT_LIMIT_MS = 10_000;
const MEMORY_POLL_MS = 50;
const PAGE_BYTES = 4_096;
/** Of the function's memory; the rest is for buffers and the runtime itself. */
const HEAP_SHARE = 0.9;

/** A child process with a loaded handler. Takes one invocation at a time; of no use once it is not `alive`. */
export class WorkerProcess {
  readonly #options: WorkerOptions;
  readonly #child: ChildProcess;
  readonly #started = performance.now();
  readonly #exited: Promise<unknown>;
  readonly #loaded: Promise<Outcome | undefined>;
  /** What waits for its next message or its end: one at a time, so that a worker keeps nothing of what it has done. */
  #answer: (outcome: Outcome | undefined) => void = () => {};
  #marks = 0;
  #marked: () => void = () => {};
  #ended = false;
  #killed: 'memory' | 'timeout' | 'stop' | undefined;
  #initMs: number | undefined;
  #peakMb = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#child = fork(WORKER, {
      cwd: options.directory,
      env: { ...options.environment },
      execArgv: [`--max-old-space-size=${Math.floor(options.memoryMb * HEAP_SHARE)}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) readLines(stream, (line) => this.#line(line));
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', resolve);
      // A process that could not be started is never closed.
      this.#child.once('error', resolve);
    });
    void this.#exited.then(() => {
      this.#ended = true;
      this.#answer(this.#end());
      this.#marked();
    });
    this.#child.on('message', (message: Message) => this.#message(message));
    this.#loaded = this.#answered();
  }

  get alive(): boolean {
    return this.#child.connected && this.#child.exitCode === null && this.#killed === undefined;
  }

  /** Milliseconds from the start of the process to the loaded handler. */
  get initMs(): number | undefined {
    return this.#initMs;
  }

  get peakMb(): number {
    return this.#peakMb;
  }

  /** Waits until the handler is loaded; gives the failure if it cannot be. */
  async load(): Promise<Outcome | undefined> {
    const limit = setTimeout(() => this.#kill('timeout'), INIT_LIMIT_MS + this.#options.timeoutMs);
    const outcome = await this.#loaded;
    clearTimeout(limit);
    if (outcome === undefined) return undefined;
    await this.#exited;
    return this.#killed === 'timeout' ? this.#timeout() : outcome;
  }

  async invoke(id: string, arn: string, payload: string): Promise<Outcome> {
    const { timeoutMs, memoryMb } = this.#options;
    this.#marks = 0;
    const marked = new Promise<void>((resolve) => {
      this.#marked = resolve;
      if (this.#ended) resolve();
    });
    const answered = this.#answered();
    const timer = setTimeout(() => this.#kill('timeout'), timeoutMs);
    this.#measure();
    const memory = setInterval(() => {
      if (this.#measure() > memoryMb) this.#kill('memory');
    }, MEMORY_POLL_MS);
    if (this.#child.connected) this.#child.send({ id, arn, payload, deadline: Date.now() + timeoutMs }, () => {});
    const outcome = (await answered) ?? this.#end();
    clearTimeout(timer);
    // Its last lines are still in the pipes.
    await marked;
    clearInterval(memory);
    this.#measure();
    return this.#killed === 'timeout' ? this.#timeout() : outcome;
  }

  async stop(): Promise<void> {
    this.#kill('stop');
    await this.#exited;
  }

  /** The next message of the worker; its end if that comes first. */
  #answered(): Promise<Outcome | undefined> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (this.#ended) resolve(this.#end());
    });
  }

  #message(message: Message): void {
    if (message.kind === 'ready') {
      this.#initMs = performance.now() - this.#started;
      this.#answer(undefined);
    } else if (message.kind === 'result') this.#answer({ status: 'success', payload: message.payload });
    else this.#answer({ status: 'error', error: message.error });
  }

  #line(line: string): void {
    if (line.startsWith(END_OF_INVOCATION)) {
      this.#marks += 1;
      if (this.#marks === 2) this.#marked();
    } else this.#options.line(line.replaceAll('\r', '\n'));
  }

  #kill(reason: 'memory' | 'timeout' | 'stop'): void {
    this.#killed ??= reason;
    this.#child.kill('SIGKILL');
  }

  #timeout(): Outcome {
    const seconds = (this.#options.timeoutMs / 1000).toFixed(2);
    const error = { errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${seconds} seconds` };
    return { status: 'timeout', error };
  }

  #end(): Outcome {
    return { status: 'error', error: this.#exitError() };
  }

  #exitError(): FunctionError {
    const { exitCode, signalCode } = this.#child;
    const aborted = signalCode === 'SIGABRT' || exitCode === 134;
    const how =
      signalCode === 'SIGKILL'
        ? 'with error: signal: killed'
        : aborted
          ? 'with error: signal: aborted (core dumped)'
          : exitCode === 0
            ? 'without providing a reason'
            : `with error: exit status ${exitCode}`;
    const memory = this.#killed === 'memory' || aborted;
    return { errorType: memory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError', errorMessage: `Runtime exited ${how}` };
  }

  /** The resident memory in MB, where the system tells it without a process of its own. */
  #measure(): number {
    try {
      const pages = Number(readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ')[1]);
      const now = (pages * PAGE_BYTES) / 1_048_576;
      this.#peakMb = Math.max(this.#peakMb, now);
      return now;
    } catch {
      return 0;
    }
  }
}

function readLines(stream: NodeJS.ReadableStream, line: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const one of lines) line(one);
  });
  stream.on('end', () => {
    if (rest !== '') line(rest);
  });
}
