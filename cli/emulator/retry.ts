import type { Answer } from './door.ts';

export interface RetryPolicy {
  /** How often one request is sent at most. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

export const patient: RetryPolicy = { attempts: 8, firstDelayMs: 200, longestDelayMs: 20_000 };

/** Throttled, a fault of the server, or no answer at all: the same request may go through later. */
export const isTransient = ({ status }: Answer): boolean => status === 0 || status === 429 || status >= 500;

/**
 * How long to wait after failed attempt number `attempt` (from 1): what the server asks for, else a random part of a
 * doubling delay. `undefined`: do not send it again.
 */
export function delayAfter(
  answer: Answer,
  attempt: number,
  policy: RetryPolicy,
  now = Date.now(),
  random: () => number = Math.random,
): number | undefined {
  if (!isTransient(answer) || attempt >= policy.attempts) return undefined;
  const jittered = random() * Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  const asked = retryAfterMs(answer.headers['retry-after'], now);
  return asked === undefined ? jittered : asked + jittered;
}

/** The header `Retry-After`: seconds, or a date. */
function retryAfterMs(header: unknown, now: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
