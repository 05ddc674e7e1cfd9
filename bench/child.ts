import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a process can be asked for: name -> function of one value, both ways as `structuredClone` copies it. */
// biome-ignore lint/suspicious/noExplicitAny: a table of functions, each with an input type of its own
export type Duties = Readonly<Record<string, (input: any) => unknown>>;

type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly failure: string });

/** A process of a bench did not do what it was asked for. */
export class ChildError extends Error {
  override readonly name = 'ChildError';
}

/** A process of a bench, so that what is measured does not share a thread with who measures. */
export class Child<D extends Duties> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #last = 0;

  /** @param file in bench/processes */
  constructor(file: string) {
    this.#process = fork(join(import.meta.dirname, 'processes', file), {
      // Ctrl-C reaches the whole group of the terminal; these processes are ended by their parent.
      detached: true,
      serialization: 'advanced',
    });
    this.#process.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('failure' in answer) waiting?.reject(new ChildError(answer.failure));
      else waiting?.resolve(answer.value);
    });
    this.#process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new ChildError(`${file} ended with ${signal ?? code}`));
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** @throws ChildError with what it said of its failure */
  ask<K extends keyof D & string>(duty: K, ...[input]: Parameters<D[K]>): Promise<Awaited<ReturnType<D[K]>>> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#process.send({ id, duty, input }, (error) => error && reject(new ChildError(error.message)));
    });
  }

  /** Lets it end what it runs; kills it after `withinMs`. */
  async stop(withinMs = 15_000): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), withinMs);
    await ended;
    clearTimeout(kill);
  }
}

/** The other side of `Child`: does the duties until the parent lets go, then `end`, then exits. */
export function serve(duties: Duties, end: () => unknown = () => {}): void {
  process.on('message', async ({ id, duty, input }: { id: number; duty: string; input: unknown }) => {
    let answer: Answer;
    try {
      answer = { id, value: await duties[duty]!(input) };
    } catch (error) {
      answer = { id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    if (process.connected) process.send!(answer);
  });
  process.once('disconnect', async () => {
    await end();
    process.exit(0);
  });
}
