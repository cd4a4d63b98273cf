/** What is known of one service when somebody looks: for metrics. Numbers without a unit in their name are counts. */
export interface ServiceFacts {
  readonly service: string;
  /** Requests of callers that are under way. */
  readonly running: number;
  readonly breaker: 'closed' | 'half-open' | 'open';
  /** How long nothing is sent to it, because it fails or because it asked for it; 0: it is. */
  readonly closedForSeconds: number;
  readonly connections: { readonly connected: number; readonly free: number; readonly queued: number };
  /** `undefined`: it is called with another credential. */
  readonly token: TokenFacts | undefined;
}

export interface TokenFacts {
  readonly state: 'none' | 'valid' | 'refreshing' | 'failing';
  /** Wall clock, when the current token was asked for. */
  readonly obtainedAtMs: number | undefined;
  readonly expiresInSeconds: number | undefined;
  /** To the token endpoint so far, repeats included. */
  readonly requests: number;
}
