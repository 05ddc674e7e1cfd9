import { expect, test } from '@jest/globals';
import { Closing } from '../../../local/closing.ts';

test('closes the other way round, once, and goes on after a step that fails or hangs', async () => {
  const log: string[] = [];
  const closing = new Closing({ limit: 20, failed: (line) => log.push(line) });
  closing.add('engine', () => log.push('engine'));
  closing.add('broken', () => {
    throw new Error('no');
  });
  closing.add('hanging', () => new Promise(() => {}));
  closing.add('door', async () => log.push('door'));
  await closing.close();
  await closing.close();
  expect(log).toEqual(['door', 'stopping hanging took longer than 20 ms', 'stopping broken failed: no', 'engine']);
});
