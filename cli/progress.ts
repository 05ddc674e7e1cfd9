import type { LoggedAnswer } from './emulator/emulate.ts';

const everyMs = 200;

/** One line on a terminal that is written over; nothing elsewhere. */
export class Progress {
  readonly #terminal = process.stderr.isTTY;
  readonly #began = Date.now();
  #shown = 0;
  #answers = 0;
  #good = 0;

  answer(answer: LoggedAnswer, posts: number): void {
    this.#answers++;
    if (answer.status === 200) this.#good++;
    const now = Date.now();
    if (!this.#terminal || now - this.#shown < everyMs) return;
    this.#shown = now;
    const perSecond = (this.#answers * 1000) / Math.max(1, now - this.#began);
    const of = Number.isFinite(posts) ? `/${posts}` : '';
    const bad = this.#answers - this.#good;
    process.stderr.write(
      `\r\u001b[K  post ${answer.turn + 1}${of}, ${perSecond.toFixed(0)} requests/s, ${this.#good} taken${bad > 0 ? `, ${bad} not` : ''}`,
    );
  }

  note(text: string): void {
    this.end();
    console.error(text);
  }

  /** Removes the line. */
  end(): void {
    if (this.#terminal && this.#shown > 0) process.stderr.write('\r\u001b[K');
    this.#shown = 0;
  }
}
