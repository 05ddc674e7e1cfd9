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
