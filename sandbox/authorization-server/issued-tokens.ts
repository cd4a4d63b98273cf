export type TokenState = 'live' | 'expired' | 'revoked';

/** Remembers the tokens that were given out, so that all of them can be made useless at once. */
export class IssuedTokens {
  readonly #live = new Set<string>();
  readonly #expired = new Set<string>();

  /** @param jti the token's id (RFC 7519, section 4.1.7). */
  remember(jti: string): void {
    this.#live.add(jti);
  }

  /** From now on the tokens given out so far count as expired, whatever their `exp` says. */
  expireAll(): void {
    for (const jti of this.#live) {
      this.#expired.add(jti);
    }
    this.#live.clear();
  }

  /** From now on the tokens given out so far are unknown. */
  revokeAll(): void {
    this.#live.clear();
    this.#expired.clear();
  }

  stateOf(jti: string): TokenState {
    if (this.#live.has(jti)) {
      return 'live';
    }
    return this.#expired.has(jti) ? 'expired' : 'revoked';
  }
}
