import { TrinoClient } from './client.ts';

const LIMIT_MS = 5_000;

/** Whether it runs a distributed query: it answers `/v1/info` before it has a node to run one on. */
export async function answersQueries(port: number): Promise<boolean> {
  try {
    const client = new TrinoClient(`http://127.0.0.1:${port}`);
    const signal = AbortSignal.timeout(LIMIT_MS);
    for await (const _ of client.run('SELECT count(*) FROM system.runtime.nodes', { schema: 'default', signal }));
    return true;
  } catch {
    return false;
  }
}
