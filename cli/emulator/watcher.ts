import type { LoggedAnswer } from './emulate.ts';

/** Looks through the answers of a run for what a person should know before its end. */
export class Watcher {
  readonly #url: string;
  readonly #note: (text: string) => void;
  readonly #noted = new Set<number>();
  readonly #inVain = new AbortController();
  #isAnswered = false;
  #begun = 0;

  /** @param note told of the first answer of each status that is none of success */
  constructor(url: string, note: (text: string) => void) {
    this.#url = url;
    this.#note = note;
  }

  /** Posts of which a row was sent. */
  get begun(): number {
    return this.#begun;
  }

  /** Aborted when nobody has been there for all the attempts at one record. */
  get inVain(): AbortSignal {
    return this.#inVain.signal;
  }

  answer({ turn, status, retryInMs, feed, door, index, message }: LoggedAnswer): void {
    this.#begun = Math.max(this.#begun, turn + 1);
    this.#isAnswered ||= status !== 0;
    if (!this.#isAnswered && retryInMs === undefined) this.#inVain.abort();
    const isOver = status === 0 || retryInMs === undefined;
    if (status === 200 || !isOver || this.#noted.has(status)) return;
    this.#noted.add(status);
    this.#note(
      status === 0
        ? `No answer from ${this.#url}: ${message}. It is tried again; npm start runs the pipeline.`
        : `The ${door} door answers ${status} to ${feed} of post ${index}: ${message}`,
    );
  }
}
