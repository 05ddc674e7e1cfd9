import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Put {
  /** The access key that the request is signed with. */
  readonly caller: string;
  /** Hands the request on, and resolves when S3 has answered. */
  forward(): Promise<number>;
}

/**
 * Stands between a worker and S3 and lets a test act at the very moments that matter: when an object arrives, when it is
 * stored and the worker has not been told, when it has been.
 */
export class S3Gate {
  readonly #server: Server;
  /** Awaited before the worker gets its answer. */
  onPut: (put: Put) => Promise<void> = async (put) => {
    await put.forward();
  };
  /** Answer 503 to everything. */
  isClosed = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(s3Port: number): Promise<S3Gate> {
    const server = createServer();
    const gate = new S3Gate(server);
    server.on('request', (incoming, answer) => {
      void (async () => {
        const body = await bodyOf(incoming);
        if (gate.isClosed) return answer.writeHead(503).end();
        let answered: Answer | undefined;
        const forward = async () => {
          answered ??= await handOn(s3Port, incoming, body);
          return answered.status;
        };
        if (incoming.method === 'PUT') await gate.onPut({ caller: callerOf(incoming), forward });
        else await forward();
        if (answered === undefined) return answer.destroy();
        answer.writeHead(answered.status, answered.headers).end(answered.body);
      })().catch(() => answer.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const callerOf = ({ headers }: IncomingMessage): string =>
  /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function handOn(port: number, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // A connection of its own: one that was kept may be closed in the moment in which it is taken again.
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (response) => {
      bodyOf(response).then(
        (answered) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: answered }),
        reject,
      );
    });
    onward.on('error', reject);
    onward.end(body);
  });
}
