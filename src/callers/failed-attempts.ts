import { createHash, randomBytes } from 'node:crypto';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Problem } from '../problems/problem.ts';

/** So many wrong credentials may come from one address … */
const MOST_FAILURES = 30;
/** … in so many seconds. */
const WINDOW_S = 60;

/** Addresses are counted in so many slots, so that memory is bounded whoever comes from wherever. */
const SLOTS = 16_384;

/** Counts wrong credentials by the address that they come from, so that keys cannot be guessed by trying. */
export class FailedAttempts {
  readonly #limiter = new RateLimiterMemory({ points: MOST_FAILURES, duration: WINDOW_S });
  /** Slots that have used up their failures, and when they may try again, by the wall clock. */
  readonly #blockedUntilMs = new Map<number, number>();
  /** Nobody can tell which addresses share a slot. */
  readonly #salt = randomBytes(16);

  async note(address: string): Promise<void> {
    const slot = this.#slotOf(address);
    const { consumedPoints, msBeforeNext } = await this.#limiter.penalty(slot);
    if (consumedPoints >= MOST_FAILURES) this.#blockedUntilMs.set(slot, Date.now() + msBeforeNext);
  }

  /** Whether so many wrong credentials came from an address that no further one is looked at. */
  isBlocked(address: string): boolean {
    return this.#remainingMs(address) > 0;
  }

  /** The answer to a further credential from a blocked address, right or wrong. */
  problem(address: string): Problem {
    return new Problem('rate-limited', {
      detail: 'Too many wrong credentials came from this address.',
      hint: 'Wait for the seconds in Retry-After, and send a credential that is known. If many clients share the address, the operator should check TRUSTED_PROXY_HOPS.',
      retryAfterSeconds: Math.max(1, Math.ceil(this.#remainingMs(address) / 1000)),
    });
  }

  #remainingMs(address: string): number {
    if (this.#blockedUntilMs.size === 0) return 0;
    const slot = this.#slotOf(address);
    const untilMs = this.#blockedUntilMs.get(slot);
    if (untilMs === undefined) return 0;
    const remainingMs = untilMs - Date.now();
    if (remainingMs <= 0) this.#blockedUntilMs.delete(slot);
    return remainingMs;
  }

  #slotOf(address: string): number {
    return createHash('sha256').update(this.#salt).update(address).digest().readUInt32BE() % SLOTS;
  }
}
