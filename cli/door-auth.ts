import { SignatureV4 } from '@smithy/signature-v4';
import { type Options, UsageError } from './arguments.ts';
import { type AwsAccess, type Clients, clientsAt, clientsOnAws, localRegion } from './aws.ts';
import { jsonBody, type Send } from './emulator/door.ts';
import { localEndpoint } from './local-runtime.ts';

/** What a caller of the API shows; the names are those of a profile's `api.auth`. */
export type DoorAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'api-key'; readonly key: string }
  | { readonly kind: 'iam'; readonly clients: Clients; readonly region: string };

/** Of a command that calls the API. */
export const authOptions = {
  auth: {
    type: 'text',
    oneOf: ['none', 'iam', 'api-key'],
    describe: 'what the API asks of its callers (none)',
  },
  'api-key': { type: 'text', value: 'KEY', describe: 'the key; implies --auth api-key' },
} as const satisfies Options;

/**
 * What was given for {@link authOptions}.
 * @param region to sign for; undefined where nothing tells it
 * @throws UsageError for what does not go together
 */
export function authOf(
  { auth, 'api-key': key }: { readonly auth?: string; readonly 'api-key'?: string },
  clients: Clients,
  region: string | undefined,
): DoorAuth {
  const kind = auth ?? (key === undefined ? 'none' : 'api-key');
  if (kind === 'api-key') {
    if (key === undefined) throw new UsageError('--auth api-key needs the key too: --api-key KEY');
    return { kind, key };
  }
  if (key !== undefined) throw new UsageError(`--api-key is for --auth api-key, not for ${kind}.`);
  if (kind !== 'iam') return { kind: 'none' };
  if (region === undefined)
    throw new UsageError('--auth iam needs the region, which this URL does not tell: --region NAME');
  return { kind, clients, region };
}

/**
 * Clients of the account that an API belongs to, and the region to sign for: this machine's for a local URL or where an
 * endpoint is given, else what the AWS CLI would take.
 */
export function clientsOf(
  url: URL,
  given: AwsAccess & { readonly endpoint?: string },
): { readonly clients: Clients; readonly region: string | undefined } {
  const { profile, endpoint = isLocal(url) ? localEndpoint() : undefined } = given;
  if (endpoint !== undefined) return { clients: clientsAt(endpoint), region: localRegion };
  const region = given.region ?? regionOf(url);
  const access = { ...(profile !== undefined && { profile }), ...(region !== undefined && { region }) };
  return { clients: clientsOnAws(access), region };
}

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
