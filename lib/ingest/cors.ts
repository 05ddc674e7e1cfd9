/** Values of the CORS headers, as API Gateway wants them: static values in single quotes. */
export const CORS_ORIGIN = { 'Access-Control-Allow-Origin': "'*'" } as const;

/** Headers of the answer to a preflight request for a resource with these methods. */
export const corsPreflight = (methods: readonly string[]) => ({
  ...CORS_ORIGIN,
  'Access-Control-Allow-Methods': `'${[...methods, 'OPTIONS'].join(',')}'`,
  'Access-Control-Allow-Headers': "'Content-Type,Authorization,X-Amz-Date,X-Amz-Security-Token,X-Api-Key'",
  'Access-Control-Max-Age': "'600'",
});

/** Puts the parameter prefix of API Gateway before every header name. */
export function asResponseParameters<T>(headers: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [`method.response.header.${name}`, value]));
}
