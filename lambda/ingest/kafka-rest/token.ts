import { required } from '../../shared/environment.ts';

/** How this function comes to a broker. */
export interface BrokerAccess {
  /** What proves who connects, made anew for each connection. */
  token(): Promise<string>;
  readonly tls: boolean;
}

/**
 * On AWS, MSK's IAM access control: a signed request as the token, over TLS. Where the AWS services are elsewhere
 * (`AWS_ENDPOINT_URL`), the brokers are plain Apache Kafka on the loopback interface, which cannot verify signatures:
 * the token then names the access key of the role, unsigned. All else about the connection is the same.
 * https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html
 */
export function brokerAccess(): BrokerAccess {
  if (process.env['AWS_ENDPOINT_URL'] !== undefined) {
    return { token: async () => unsecuredToken(required('AWS_ACCESS_KEY_ID')), tls: false };
  }
  return { token: iamToken, tls: true };
}

async function iamToken(): Promise<string> {
  const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js');
  const { token } = await generateAuthToken({ region: required('AWS_REGION') });
  return token;
}

const lifetimeSeconds = 3_600;

/** https://kafka.apache.org/documentation/#security_sasl_oauthbearer_clientconfig */
export function unsecuredToken(subject: string, now = Date.now()): string {
  const seconds = Math.floor(now / 1_000);
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encoded({ alg: 'none' })}.${encoded({ sub: subject, iat: seconds - 1, exp: seconds + lifetimeSeconds })}.`;
}
