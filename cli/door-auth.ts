import { SignatureV4 } from '@smithy/signature-v4';
import type { Clients } from './aws.ts';
import { jsonBody, type Send } from './emulator/door.ts';

/** What a caller of the API shows; the names are those of a profile's `api.auth`. */
export type DoorAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'api-key'; readonly key: string }
  | { readonly kind: 'iam'; readonly clients: Clients; readonly region: string };

/** Sends with what the API asks of its callers. */
export function authorized(send: Send, auth: DoorAuth): Send {
  if (auth.kind === 'none') return send;
  if (auth.kind === 'api-key') {
    return (method, url, body, headers = jsonBody) => send(method, url, body, { ...headers, 'x-api-key': auth.key });
  }
  // Any client knows the credentials and the hash that the SDK would take.
  const { credentials, sha256 } = auth.clients.cloudformation.config;
  const signer = new SignatureV4({ service: 'execute-api', region: auth.region, credentials, sha256 });
  return async (method, url, body, headers = jsonBody) => {
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, Host: url.host },
      body,
    });
    return send(method, url, body, signed.headers);
  };
}

/** Of `https://{id}.execute-api.{region}.amazonaws.com`; undefined for a domain of one's own. */
export const regionOf = (url: URL): string | undefined =>
  /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(url.hostname)?.[1];

/** Whether a URL leads to this machine. */
export const isLocal = ({ hostname }: URL): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
