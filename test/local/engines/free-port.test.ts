import crypto from 'node:crypto';
import { afterEach, expect, jest, test } from '@jest/globals';
import { freePort } from '../../../local/engines/free-port.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

test('a port that was given to an engine, which may not listen yet, is not given to another', async () => {
  const first = await freePort();
  const second = await freePort();
  const drawn = jest.spyOn(crypto, 'randomInt') as unknown as jest.Mock<() => number>;
  drawn.mockReturnValueOnce(first).mockReturnValueOnce(second);
  expect([first, second]).not.toContain(await freePort());
  expect(drawn.mock.calls.length).toBeGreaterThan(2);
});
