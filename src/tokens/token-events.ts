import type { ProblemCode } from '../problems/problem-table.ts';
import type { TokenFailure } from './token-failure.ts';
import type { TokenQuota } from './token-quota.ts';

/** What happens to the token of a client, for log and metrics. No event holds a token or a secret. */
export type TokenEvent =
  /** A fetch brought a token. */
  | { readonly type: 'obtained'; readonly durationMs: number; readonly lifeSeconds: number }
  /** A fetch failed. `failure` is absent only for a fault of our own. */
  | {
      readonly type: 'failed';
      readonly durationMs: number;
      readonly code: ProblemCode;
      readonly failure: TokenFailure | undefined;
      /** How long the authorization server is left alone now. */
      readonly pauseMs: number;
    }
  /** A service refused the token, and it was forgotten. */
  | { readonly type: 'refused'; readonly status: 401 | 403 }
  /** The authorization server refused the secret that was in use, and took the other one: that is in use from now on. */
  | { readonly type: 'secret-changed'; readonly inUse: 'clientSecret' | 'nextClientSecret' }
  /** An answer, with a token or without, told how many tokens may still be had. */
  | { readonly type: 'quota'; readonly quotas: readonly TokenQuota[] };

/** The state of a client's token, for `/status` and `/ready`. */
export interface TokenSnapshot {
  /**
   * `valid`: there is a usable token; `refreshing`: a request is under way; `failing`: there is no token and the last
   * request failed; `none`: nobody has asked yet, or the token ran out.
   */
  readonly state: 'none' | 'valid' | 'refreshing' | 'failing';
  /** Wall clock, when the current token was asked for. */
  readonly obtainedAtMs: number | undefined;
  readonly lifeSeconds: number | undefined;
  /** How long the current token may still be used; `undefined` without a usable token. */
  readonly expiresInSeconds: number | undefined;
  /** Why the last fetch failed, also while an older token still serves; `undefined` after a success. */
  readonly lastProblemCode: ProblemCode | undefined;
  /** Requests to the token endpoint so far, repeats included. */
  readonly requests: number;
  /** Fetches that brought no token so far. */
  readonly failures: number;
}
