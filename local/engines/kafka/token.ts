const CLOCK_SKEW_S = 10;

/**
 * A token that says who a client is, unsigned: what the MSK IAM token is on AWS. Everything here is on the loopback
 * interface. https://kafka.apache.org/documentation/#security_sasl_oauthbearer
 */
export function unsecuredToken(subject: string, lifetimeSeconds = 3_600, now = Date.now()): string {
  const seconds = Math.floor(now / 1_000);
  const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: seconds - CLOCK_SKEW_S, exp: seconds + lifetimeSeconds })}.`;
}
