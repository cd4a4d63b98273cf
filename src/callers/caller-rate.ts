import type { ServerResponse } from 'node:http';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { RateLimit } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { SharedStore } from '../store/shared-store.ts';

/**
 * How often one caller may send requests: so many per window, which begins with the first of them. What is used up at
 * once is used up. Counted by all instances together where they share a store, and by each for itself while it is away.
 */
export class CallerRate {
  readonly #limiter: RateLimiterMemory | RateLimiterRedis;
  readonly #policy: string;

  /** @param caller its name, by which the instances know it */
  constructor({ requests, perSeconds }: RateLimit, caller: string, store?: SharedStore) {
    const own = new RateLimiterMemory({ points: requests, duration: perSeconds });
    this.#limiter =
      store === undefined
        ? own
        : new RateLimiterRedis({
            storeClient: store.client,
            keyPrefix: store.keyName(`rate:${caller}:${requests}:${perSeconds}`),
            points: requests,
            duration: perSeconds,
            insuranceLimiter: own,
            rejectIfRedisNotReady: true,
          });
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
