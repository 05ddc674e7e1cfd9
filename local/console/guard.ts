import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Guarded {
  readonly port: number;
  /** Sent by the page as `x-pinflow-token` with each change. */
  readonly token: string;
}

const TOKEN_HEADER = 'x-pinflow-token';

/**
 * Why a request is refused with 403; undefined when it is not. A site that a browser has open elsewhere reaches
 * loopback ports too: under another name (Host), as another origin, or without one, by an image or a script
 * (Sec-Fetch-Site); a link to the page may be followed from anywhere. A change needs the token besides, which only a page
 * of this server, or whoever may read the state directory, has.
 */
export function refusal(
  { method = 'GET', url = '/', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  { port, token }: Guarded,
): string | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? '')) return `The console is asked as ${hosts.join(' or ')} only.`;
  const { origin } = headers;
  const isForeign = origin !== undefined && !hosts.some((host) => origin === `http://${host}`);
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-mode': mode } = headers;
  const isLink = mode === 'navigate' && headers['sec-fetch-dest'] === 'document' && !url.startsWith('/api/');
  if (isForeign || !(site === 'none' || site === 'same-origin' || isLink)) {
    return 'Pages of other origins may not use the console.';
  }
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (sameText(String(headers[TOKEN_HEADER] ?? ''), token)) return undefined;
  return 'Changes need the token of this start: load the page again.';
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
