import type { AddressInfo, Server } from 'node:net';

/** Somebody else listens where the runtime wants to. */
export class PortTakenError extends Error {
  readonly port: number;

  constructor(port: number, what: string, option: string, owner: string) {
    super(
      `Port ${port}, wanted for ${what}, is taken by ${owner}. Stop it, or choose another port with ${option} <port> (0 takes any free one).`,
    );
    this.name = 'PortTakenError';
    this.port = port;
  }
}

/** What wants to listen, and the option that gives it another port. */
export interface Listening {
  readonly port: number;
  readonly what: string;
  readonly option: string;
}

/** Starts to listen on loopback. @returns the port @throws PortTakenError */
export async function listen(server: Server, listening: Listening): Promise<number> {
  await namingOwner(listening, () => {
    return new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(listening.port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  });
  return (server.address() as AddressInfo).port;
}

/** @throws PortTakenError in place of Node's EADDRINUSE */
export async function namingOwner({ port, what, option }: Listening, start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new PortTakenError(port, what, option, await ownerOf(port));
  }
}

/** Another runtime says who it is; of others only the way to find out is known. */
async function ownerOf(port: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/_pinflow/health`, { signal: AbortSignal.timeout(1000) });
    const { pid, stateDirectory } = (await answer.json()) as { pid?: unknown; stateDirectory?: unknown };
    if (typeof pid === 'number') return `another Pinflow runtime (pid ${pid}, state in ${stateDirectory})`;
  } catch {
    // Not one of ours.
  }
  const tool = process.platform === 'linux' ? `ss -ltnp 'sport = :${port}'` : `lsof -nP -iTCP:${port} -sTCP:LISTEN`;
  return `another program (\`${tool}\` shows which)`;
}
