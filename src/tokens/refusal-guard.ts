import { createHash } from 'node:crypto';
import type { Clock } from './clock.ts';

const FORCED_EVERY_MS = 5000;
const FORCED_BY_403_EVERY_MS = 60_000;

/**
 * - `forget`: drop the token and fetch another;
 * - `join`: it was dropped just now because of another request's refusal: use what is fetched instead of it;
 * - `keep`: too soon after the last forced refresh; the refusal stands.
 */
export type RefusalVerdict = 'forget' | 'join' | 'keep';

/**
 * Limits forced refreshes. A service that refuses every token would else cause two token requests per incoming request
 * and use up the quota of the authorization server.
 */
export class RefusalGuard {
  readonly #clock: Clock;
  /** Digest of the token that was dropped last: the token itself is not kept. */
  #dropped: string | undefined;
  #lastForcedMs = -Infinity;
  #lastForcedBy403Ms = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param inUse whether this very token is the current one: some servers give the same token again */
  judge(token: string, status: 401 | 403, inUse: boolean): RefusalVerdict {
    const digest = digestOf(token);
    if (!inUse && digest === this.#dropped) return 'join';
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastForcedMs < FORCED_EVERY_MS) return 'keep';
    if (status === 403 && nowMs - this.#lastForcedBy403Ms < FORCED_BY_403_EVERY_MS) return 'keep';
    this.#dropped = digest;
    this.#lastForcedMs = nowMs;
    if (status === 403) this.#lastForcedBy403Ms = nowMs;
    return 'forget';
  }

  /** Whether it is the one that was dropped last. */
  hasDropped(token: string): boolean {
    return this.#dropped !== undefined && this.#dropped === digestOf(token);
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
