import { Problem } from '../problems/problem.ts';
import { TokenFailure } from './token-failure.ts';

/** The code of a failure that is nobody's: the time of the one who waited was over. */
export const OWN_DEADLINE = 'OWN_DEADLINE';

/** Longer delays make Node's timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The outcome of `shared`, or `token-unavailable` when one caller's own time is over first. `shared` goes on.
 * @param waitMs milliseconds; `undefined`: as long as it takes
 */
export function withinWait<T>(shared: Promise<T>, waitMs: number | undefined): Promise<T> {
  if (waitMs === undefined) return shared;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(waitIsOver(waitMs)), Math.min(waitMs, LONGEST_TIMER_MS));
    timer.unref();
    void shared.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function waitIsOver(waitMs: number): Problem {
  return new Problem('token-unavailable', {
    detail: `No access token came within ${(waitMs / 1000).toFixed(1)} s, the time left to this request. Nothing was sent.`,
    hint: 'Try again: the token is still being asked for. `limits.timeout` and `Prefer: wait` set the time of a request.',
    retryAfterSeconds: 1,
    cause: new TokenFailure('timeout', 'answer', OWN_DEADLINE),
  });
}
