/**
 * What every client of a handler has: no retries of its own, because `withRetries` does that within the function's
 * time; connections that stay open between invocations; and limits on a call that hangs.
 */
export const clientDefaults = {
  maxAttempts: 1,
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    httpsAgent: { maxSockets: 64 },
    httpAgent: { maxSockets: 64 },
  },
};

/** Of clients of S3: endpoints other than AWS's know buckets by path only. */
export const bucketAddressing = { forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined };
