import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { freePort } from '../../../local/engines/free-port.ts';
import { TrinoClient } from '../../../local/engines/trino/client.ts';

test('a statement that waits for an engine which does not come back can be cancelled', async () => {
  let waits = false;
  const ready = () => {
    waits = true;
    return new Promise<never>(() => {});
  };
  const client = new TrinoClient(`http://127.0.0.1:${await freePort()}`, ready);
  const cancel = new AbortController();
  const first = client.run('SELECT 1', { schema: 'default', signal: cancel.signal }).next();
  while (!waits) await sleep(20);
  cancel.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
});

test('a statement is begun once the engine answers, though its end is noticed late', async () => {
  let asked = 0;
  const engine = createServer((request, response) => {
    asked += 1;
    if (asked < 4) request.destroy();
    else response.end(JSON.stringify({ columns: [], data: [[7]], stats: { state: 'FINISHED' } }));
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  try {
    const client = new TrinoClient(`http://127.0.0.1:${(engine.address() as AddressInfo).port}`, async () => {});
    const { value } = await client.run('SELECT 7', { schema: 'default' }).next();
    expect(value).toMatchObject({ rows: [[7]] });
  } finally {
    engine.close();
  }
});
