import { TrinoClient } from './client.ts';

const LIMIT_MS = 10_000;
/** Grouped, so that it needs a node to run on: what is in memory of the server itself needs none. */
const QUERY = 'SELECT x, count(*) FROM system.runtime.nodes CROSS JOIN UNNEST(sequence(1, 3)) t (x) GROUP BY x';

/** Whether it runs a distributed query: it answers `/v1/info` before it has a node to run one on. */
export async function answersQueries(port: number): Promise<boolean> {
  try {
    const client = new TrinoClient(`http://127.0.0.1:${port}`);
    const signal = AbortSignal.timeout(LIMIT_MS);
    for await (const _ of client.run(QUERY, { schema: 'default', signal }));
    return true;
  } catch {
    return false;
  }
}
