import { createHash } from 'node:crypto';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Caller } from '../../access/caller.ts';
import { GatewayError } from './errors.ts';

/** A request as it came. */
export interface SignedRequest {
  readonly method: string;
  /** Still percent-encoded, without the query. */
  readonly path: string;
  readonly query: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

interface Expected {
  readonly region: string;
  readonly byAccessKey: (accessKeyId: string) => Caller | undefined;
  readonly now?: Date;
}

const SERVICE = 'execute-api';
const SKEW_MS = 5 * 60_000;
const HEADER =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/;
const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/**
 * Who signed a request: the signature is made again with the secret of its access key, over the body that came.
 * Signatures in the query (presigned URLs) count as none.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * @throws GatewayError MISSING_AUTHENTICATION_TOKEN, INVALID_SIGNATURE
 */
export async function signerOf(request: SignedRequest, { region, byAccessKey, now }: Expected): Promise<Caller> {
  const { authorization } = request.headers;
  if (!authorization) throw new GatewayError('MISSING_AUTHENTICATION_TOKEN', 'Missing Authentication Token');
  const [, accessKeyId, day, scopeRegion, service, names, signature] = HEADER.exec(String(authorization)) ?? [];
  if (!accessKeyId || !names) {
    throw invalid(
      "Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires 'Signature' parameter.",
    );
  }
  const caller = byAccessKey(accessKeyId);
  if (!caller) throw invalid('The security token included in the request is invalid.');
  if (service !== SERVICE) throw invalid(`Credential should be scoped to correct service: '${SERVICE}'.`);
  if (scopeRegion !== region) throw invalid(`Credential should be scoped to a valid region, such as '${region}'.`);
  const signedAt = dateOf(request.headers['x-amz-date'], day!);
  checkClock(signedAt, now ?? new Date());
  const signedHeaders = new Set(names.split(';'));
  const bodyHash = request.headers['x-amz-content-sha256'];
  const whole = signedHeaders.has('host') && signedHeaders.has('x-amz-date');
  if (!whole || (bodyHash !== undefined && bodyHash !== sha256(request.body))) throw invalid(MISMATCH);
  if ((await signatureOf(request, caller, signedHeaders, signedAt, region)) !== signature) throw invalid(MISMATCH);
  return caller;
}

const invalid = (message: string): GatewayError => new GatewayError('INVALID_SIGNATURE', message);

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** `20261121T091500Z` */
function dateOf(header: unknown, day: string): Date {
  const [, date, hours, minutes, seconds] = /^(\d{8})T(\d\d)(\d\d)(\d\d)Z$/.exec(String(header)) ?? [];
  const time = Date.parse(`${date?.replace(/(....)(..)(..)/, '$1-$2-$3')}T${hours}:${minutes}:${seconds}Z`);
  if (Number.isNaN(time)) throw invalid('Date must be in ISO-8601 basic format in the header X-Amz-Date.');
  if (date !== day)
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${date}'.`,
    );
  return new Date(time);
}

function checkClock(signedAt: Date, now: Date): void {
  const [signed, current] = [basic(signedAt), basic(now)];
  const earliest = new Date(now.getTime() - SKEW_MS);
  const latest = new Date(now.getTime() + SKEW_MS);
  if (signedAt < earliest) {
    throw invalid(`Signature expired: ${signed} is now earlier than ${basic(earliest)} (${current} - 5 min.)`);
  }
  if (signedAt > latest) {
    throw invalid(`Signature not yet current: ${signed} is still later than ${basic(latest)} (${current} + 5 min.)`);
  }
}

const basic = (date: Date): string => date.toISOString().replace(/[-:]|\.\d+/g, '');

async function signatureOf(
  request: SignedRequest,
  credentials: Caller,
  signedHeaders: ReadonlySet<string>,
  signingDate: Date,
  region: string,
): Promise<string | undefined> {
  const signer = new SignatureV4({
    service: SERVICE,
    region,
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
    sha256: Hash.bind(null, 'sha256'),
    applyChecksum: false,
  });
  const headers = Object.entries(request.headers).filter(([name]) => signedHeaders.has(name));
  const { headers: signed } = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: '',
      path: request.path,
      query: queryOf(request.query),
      headers: Object.fromEntries(headers.map(([name, value]) => [name, [value].flat().join(',')])),
      body: request.body,
    },
    { signingDate, signableHeaders: new Set(signedHeaders) },
  );
  return HEADER.exec(signed['authorization'] ?? '')?.[6];
}

function queryOf(query: string): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query.replaceAll('+', '%20'))) {
    all[name] = [...(Object.hasOwn(all, name) ? all[name]! : []), value];
  }
  return all;
}
