import type { ServerResponse } from 'node:http';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { RateLimit } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';

/**
 * How often one caller may send requests: so many per window, which begins with the first of them. What is used up at
 * once is used up. Counted by this instance alone.
 */
export class CallerRate {
  readonly #limiter: RateLimiterMemory;
  readonly #policy: string;

  constructor({ requests, perSeconds }: RateLimit) {
    this.#limiter = new RateLimiterMemory({ points: requests, duration: perSeconds });
    this.#policy = `"caller";q=${requests};w=${perSeconds}`;
  }

  /**
   * Counts one request, and says in the headers of its answer what is left (draft-ietf-httpapi-ratelimit-headers).
   *
   * @throws {Problem} `rate-limited` when nothing was left
   */
  async take(response: ServerResponse): Promise<void> {
    const { points } = this.#limiter;
    const { consumedPoints, remainingPoints, msBeforeNext } = await this.#limiter.penalty('all');
    const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
    response.setHeader('RateLimit-Policy', this.#policy);
    response.setHeader('RateLimit', `"caller";r=${remainingPoints};t=${seconds}`);
    if (consumedPoints <= points) return;
    throw new Problem('rate-limited', {
      detail: 'The caller has sent more requests than its rate limit allows.',
      hint: 'Wait for the seconds in Retry-After. The operator sets the limit with "rateLimit" of the caller.',
      retryAfterSeconds: seconds,
    });
  }
}
