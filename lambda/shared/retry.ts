/** The time an operation may take, and how it waits; replaced in tests. */
export interface Patience {
  /** Epoch milliseconds after which nothing is tried again. */
  readonly deadline: number;
  now(): number;
  sleep(ms: number): Promise<void>;
  /** 0 to 1. */
  random(): number;
}

/** A fault that may pass did not pass in time. */
export class GaveUpError extends Error {
  constructor(cause: unknown) {
    super(`Gave up at the deadline: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : 'not started'}`, {
      cause,
    });
    this.name = 'GaveUpError';
  }
}

const baseMs = 20;
const capMs = 1_000;

/**
 * Runs an operation again after throttling and transient faults, with exponential backoff and full jitter.
 * https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 * @throws GaveUpError when the deadline comes first; any other fault as it is.
 */
export async function withRetries<T>(patience: Patience, operation: () => Promise<T>): Promise<T> {
  let last: unknown;
  for (let attempt = 0; patience.now() < patience.deadline; attempt++) {
    try {
      return await operation();
    } catch (error) {
      if (!mayPass(error)) throw error;
      last = error;
    }
    const wait = patience.random() * Math.min(capMs, baseMs * 2 ** attempt);
    if (patience.now() + wait >= patience.deadline) break;
    await patience.sleep(wait);
  }
  throw new GaveUpError(last);
}

const passingFaults = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'Throttling',
  'InternalServerError',
  'InternalError',
  'ServiceUnavailable',
  'SlowDown',
  'RequestTimeout',
  'TimeoutError',
  'AbortError',
  'ECONNRESET',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
]);

function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, code, $metadata } = error as Error & { code?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return passingFaults.has(name) || passingFaults.has(code ?? '') || status === 429 || status >= 500;
}
