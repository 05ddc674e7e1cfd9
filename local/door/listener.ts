import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createSocketServer, type Server, type Socket } from 'node:net';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

const PREFACE = 'PRI * HTTP/2.0';

/**
 * One port for HTTP/1.1 and HTTP/2 with prior knowledge, as SDK v3's Kinesis client speaks it: the first bytes of a
 * connection tell which. https://datatracker.ietf.org/doc/html/rfc9113#name-http-2-connection-preface
 */
export class DualListener {
  readonly #sockets = new Set<Socket>();
  readonly server: Server;

  constructor(handler: RequestHandler) {
    // Longer than the idle time of clients' pools, so that a client does not send into a closing connection.
    const http1 = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 }, handler);
    const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 1000 } });
    http2.on('request', (request, response) =>
      // Node's compatibility classes have what the handler uses of the HTTP/1.1 ones.
      handler(request as unknown as IncomingMessage, response as unknown as ServerResponse),
    );
    http2.on('sessionError', () => {});
    this.server = createSocketServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
      socket.setNoDelay(true);
      socket.once('data', (first: Buffer) => {
        socket.pause();
        socket.unshift(first);
        if (first.length > 3 && PREFACE.startsWith(first.subarray(0, PREFACE.length).toString('latin1'))) {
          // The session takes the handle over, with what is buffered: the socket must not flow by itself.
          http2.emit('connection', socket);
        } else {
          http1.emit('connection', socket);
          socket.resume();
        }
      });
    });
  }

  /** Ends every connection: what is running is cut off. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    return closed;
  }
}
