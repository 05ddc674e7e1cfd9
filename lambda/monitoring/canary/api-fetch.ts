import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Fetch } from './deployed-world.ts';

const timeoutMs = 10_000;

/**
 * Requests to the API below its invoke URL.
 * @param base ends with a slash
 * @param isSigned whether callers have to be known by IAM
 */
export function apiFetch(base: string, isSigned: boolean): Fetch {
  const send = (url: URL, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  const json = { 'Content-Type': 'application/json' };
  if (!isSigned) return (path, init) => send(new URL(path, base), { ...init, headers: json });
  // Any client knows the region, the credentials and the hash that the SDK would take.
  const { credentials, sha256, region } = new DynamoDBClient({}).config;
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256 });
  return async (path, init) => {
    const url = new URL(path, base);
    const { headers } = await signer.sign({
      ...init,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { ...json, Host: url.host },
    });
    return send(url, { ...init, headers });
  };
}
