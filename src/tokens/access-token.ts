/** A bearer token and what may be known of it without trusting it. */
export interface AccessToken {
  readonly value: string;
  /** Wall clock, milliseconds, when the request for it was sent. */
  readonly requestedAtMs: number;
  /** How long it is used, in seconds, already capped. 0: good for the request that asked for it, never cached. */
  readonly lifeSeconds: number;
  /** When the server advises a renewal (`refresh_in`), in seconds after the request. */
  readonly refreshInSeconds?: number;
  /**
   * Scopes that the answer or the token's own claims name, landscape prefixes included. Not verified: good for hints,
   * never for a decision.
   */
  readonly scopes: readonly string[];
}
