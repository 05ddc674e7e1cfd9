import { afterEach, expect, jest, test } from '@jest/globals';

// The page's own library is for browsers.
jest.doMock('../../../console/vendor/ui.js', () => ({}));
Object.assign(globalThis, { document: { querySelector: () => null } });
const { get } = require('../../../console/lib/api.js') as { get(path: string): Promise<unknown> };

afterEach(() => {
  jest.restoreAllMocks();
});

const answered = (status: number, body: string | ReadableStream): unknown =>
  jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response(body, { status }));

/** The head has come, the rest does not. */
const brokenBy = (error: Error): ReadableStream => new ReadableStream({ start: (body) => body.error(error) });

test('an answer that nobody waits for any more while it comes is none', async () => {
  answered(200, brokenBy(new DOMException('left', 'AbortError')));
  await expect(get('/api/answers/one')).rejects.toMatchObject({ name: 'AbortError' });
});

test('an answer that breaks off is told as one that does not come', async () => {
  answered(200, brokenBy(new TypeError('terminated')));
  await expect(get('/api/answers/one')).rejects.toMatchObject({ status: 0, message: /does not answer/ });
});

test('a refusal is told in its own words, or by its status', async () => {
  answered(503, '{"error":"The broker does not answer."}');
  await expect(get('/api/records')).rejects.toMatchObject({ status: 503, message: 'The broker does not answer.' });
  answered(502, '<html>');
  await expect(get('/api/records')).rejects.toMatchObject({ status: 502, message: '/api/records answers 502.' });
});
