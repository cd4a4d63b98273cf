import { Problem } from '../problems/problem.ts';
import type { AccessToken } from './access-token.ts';
import { instant, type Clock, type Instant } from './clock.ts';
import { TokenFailure } from './token-failure.ts';
import { TOKEN_TIMEOUT_MS } from './token-request.ts';

/** SAP's first pause before repeating a token request, in milliseconds. */
const REPEAT_AFTER_MS = 300;
/** Less time than this is not worth an attempt, in milliseconds. */
const LEAST_ATTEMPT_MS = 200;
/** Answers of a router or gateway that could not reach the server behind it. */
const PASSING_STATUSES = new Set([408, 502, 504]);

export interface FetchedToken {
  readonly token: AccessToken;
  /** Just before the attempt that brought it was sent: its life is counted from here. */
  readonly start: Instant;
  /** Another instance had fetched it. */
  readonly isShared?: boolean;
}

export interface AttemptOptions {
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * One fetch: within 5 s in all at most one repeat, after 300 ms, of what is likely to pass at once: a failed
 * connection, 408, 502, 504. A refusal (401, 403, 429) and a struggling server (500, 503) are left alone.
 * @throws {Problem} of the last attempt.
 */
export async function fetchToken(
  attempt: (timeoutMs: number) => Promise<AccessToken>,
  { clock, sleep }: AttemptOptions,
): Promise<FetchedToken> {
  const start = instant(clock);
  try {
    return { token: await attempt(TOKEN_TIMEOUT_MS), start };
  } catch (error) {
    if (!isPassing(error)) throw error;
    const remainingMs = TOKEN_TIMEOUT_MS - (clock.monotonicMs() - start.monotonicMs) - REPEAT_AFTER_MS;
    if (remainingMs < LEAST_ATTEMPT_MS) throw error;
    await sleep(REPEAT_AFTER_MS);
    const secondStart = instant(clock);
    return { token: await attempt(remainingMs), start: secondStart };
  }
}

function isPassing(error: unknown): boolean {
  const cause = error instanceof Problem ? error.cause : undefined;
  if (!(cause instanceof TokenFailure)) return false;
  const { reason, phase, status } = cause;
  if (reason === 'status') return status !== undefined && PASSING_STATUSES.has(status);
  return reason === 'connection' || (reason === 'timeout' && phase !== 'answer');
}
