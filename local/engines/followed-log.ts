import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

export interface FollowedLogOptions {
  readonly file: string;
  readonly line: (line: string) => void;
  /** Of these lines are passed on; of more in that time, how many there were. @default 200 */
  readonly linesPerTurn?: number;
  /** @default 500 */
  readonly everyMs?: number;
}

const CHUNK_BYTES = 64 * 1024;
/** A line without an end is cut here. */
const LONGEST_LINE = 16 * 1024;

/**
 * Passes on the lines that another process appends to a file, from the file's present end on. An engine writes to a file
 * so that it outlives this process without a broken pipe; and however much it writes, what is passed on is bounded.
 */
export class FollowedLog {
  readonly #options: FollowedLogOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #decoder = new StringDecoder('utf8');
  readonly #descriptor: number;
  #at: number;
  #open = '';

  constructor(options: FollowedLogOptions) {
    this.#options = options;
    this.#descriptor = openSync(options.file, 'a+');
    this.#at = fstatSync(this.#descriptor).size;
    this.#timer = setInterval(() => this.#read(), options.everyMs ?? 500).unref();
  }

  /** Passes on what is there, then ends. */
  close(): void {
    clearInterval(this.#timer);
    this.#read();
    if (this.#open !== '') this.#options.line(this.#open);
    closeSync(this.#descriptor);
  }

  #read(): void {
    const { line, file, linesPerTurn = 200 } = this.#options;
    let left = linesPerTurn;
    let dropped = 0;
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (let bytes = this.#next(buffer); bytes > 0; bytes = this.#next(buffer)) {
      const lines = (this.#open + this.#decoder.write(buffer.subarray(0, bytes))).split('\n');
      this.#open = lines.pop()!;
      if (this.#open.length > LONGEST_LINE) lines.push(this.#open.slice(0, LONGEST_LINE));
      this.#open = this.#open.length > LONGEST_LINE ? '' : this.#open;
      for (const text of lines.filter((each) => each.trim() !== '')) {
        if (left-- > 0) line(text);
        else dropped++;
      }
    }
    if (dropped > 0) line(`${dropped} more lines are in ${file}.`);
  }

  #next(buffer: Buffer): number {
    const bytes = readSync(this.#descriptor, buffer, 0, buffer.length, this.#at);
    this.#at += bytes;
    return bytes;
  }
}
