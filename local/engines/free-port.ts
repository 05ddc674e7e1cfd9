import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections (Linux from 32768, others from 49152): those come and go. */
const FIRST = 10_240;
const END = 32_768;
const TRIES = 100;
/** Ports of engines that may not listen yet. */
const given = new Set<number>();

/**
 * A port of the loopback interface that nobody listens on, that no connection of a client takes meanwhile, and that this
 * process gives to nobody else.
 */
export async function freePort(): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = randomInt(FIRST, END);
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
      return port;
    } catch (error) {
      if (tries === TRIES) throw error;
    } finally {
      server.close();
    }
  }
}
