/**
 * What every client of a handler has: no retries of its own, because `withRetries` does that within the function's
 * time; connections that stay open between invocations; and limits on a call that hangs, such as on a connection that
 * was dropped without a word while the function slept. It fails with a `TimeoutError`, which is tried again.
 */
export const clientDefaults = {
  maxAttempts: 1,
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
    httpsAgent: { maxSockets: 64 },
    httpAgent: { maxSockets: 64 },
  },
};

/** Of clients of S3: endpoints other than AWS's know buckets by path only. */
export const bucketAddressing = { forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined };
