import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server did not answer with 200. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

export interface Load {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Sent in turn. */
  readonly requests: readonly Buffer[];
  /** Kept open; each sends one request after the other. */
  readonly connections: number;
  /** Sent before counting begins, and then counted. */
  readonly warmMs: number;
  readonly ms: number;
}

/** An HTTP/1.1 request as bytes. */
export function httpRequest(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Buffer {
  const all = { host: '127.0.0.1', ...headers, 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

/**
 * Answers a second. On bare sockets: an HTTP client would take more of the machine than the fastest of the servers.
 * @throws LoadError at the first answer that is no 200
 */
export async function answersPerSecond({ port, requests, connections, warmMs, ms }: Load): Promise<number> {
  let answers = 0;
  let next = 0;
  let running = true;
  const senders = Array.from({ length: connections }, async () => {
    const connection = new Connection(port);
    try {
      while (running) {
        await connection.exchange(requests[next++ % requests.length]!);
        answers++;
      }
    } finally {
      connection.close();
    }
  });
  const failed = Promise.all(senders).then(() => undefined);
  failed.catch(() => undefined); // awaited below, with the time
  try {
    await Promise.race([failed, sleep(warmMs)]);
    const [began, before] = [performance.now(), answers];
    do await Promise.race([failed, sleep(ms)]);
    while (answers === before); // who is this slow, or stood still, is measured for longer
    return Math.round(((answers - before) * 1000) / (performance.now() - began));
  } finally {
    running = false;
    await failed;
  }
}

const headEnd = Buffer.from('\r\n\r\n');

/** One request at a time. Knows of answers what ours have: a status and a content-length. */
class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #needed = 0;
  #done: () => void = () => {};
  #failed: (error: Error) => void = () => {};

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => this.#failed(new LoadError(`Port ${port} closed the connection.`)));
  }

  exchange(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (this.#needed === 0) {
      const end = this.#received.indexOf(headEnd);
      if (end < 0) return;
      const head = this.#received.toString('latin1', 0, end);
      if (!head.startsWith('HTTP/1.1 200')) {
        this.#failed(new LoadError(`The answer is no 200: ${this.#received.toString().slice(0, 500)}`));
        return;
      }
      this.#needed = end + headEnd.length + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
    }
    if (this.#received.length < this.#needed) return;
    this.#received = this.#received.subarray(this.#needed);
    this.#needed = 0;
    this.#done();
  }
}
