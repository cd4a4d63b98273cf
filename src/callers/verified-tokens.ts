import type { Caller } from './caller.ts';

/** So many are remembered; each takes some hundred bytes. */
const MAX_TOKENS = 10_000;

/** A signature is checked again after so long, so that a key which its issuer withdraws is soon worth nothing. */
const RECHECK_MS = 10 * 60_000;

interface Verified {
  readonly caller: Caller;
  /** By the wall clock: `exp`, with its tolerance. */
  readonly untilMs: number;
  /** By the monotonic clock: nobody can set it back. */
  readonly recheckMs: number;
}

/**
 * Tokens whose signature and claims have been checked, by their SHA-256: the tokens themselves are not kept. Those that
 * have not been used for the longest time make room for new ones.
 */
export class VerifiedTokens {
  readonly #byDigest = new Map<string, Verified>();

  /** The caller of a token that is still good. */
  get(digest: string): Caller | undefined {
    const verified = this.#byDigest.get(digest);
    if (verified === undefined) return undefined;
    this.#byDigest.delete(digest);
    if (Date.now() >= verified.untilMs || performance.now() >= verified.recheckMs) return undefined;
    this.#byDigest.set(digest, verified);
    return verified.caller;
  }

  /** @param untilMs when the token ends, by the wall clock */
  add(digest: string, caller: Caller, untilMs: number): void {
    this.#byDigest.set(digest, { caller, untilMs, recheckMs: performance.now() + RECHECK_MS });
    if (this.#byDigest.size <= MAX_TOKENS) return;
    for (const oldest of this.#byDigest.keys()) {
      this.#byDigest.delete(oldest);
      return;
    }
  }
}
